/* Bars of what was got and lost. */

const SVG = "http://www.w3.org/2000/svg";
const BAR = { row: 24, height: 12, left: 52, width: 37 };
const MOST_REASONS = 7;

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/**
 * One small chart: a row is a label and bars side by side.
 * @param {string} title
 * @param {Array<{label: string, parts: Array<[string, number]>}>} rows parts are class and count.
 */
function bars(title, rows) {
  const total = (row) => row.parts.reduce((sum, [, count]) => sum + count, 0);
  const most = Math.max(1, ...rows.map(total));
  const told = rows.map((row) => `${row.label}: ${numbers.format(total(row))}`).join("; ");
  const chart = shape(
    "svg",
    { role: "img", height: (rows.length + 1) * BAR.row, "aria-label": `${title}. ${told}` },
    shape("text", { x: 0, y: 15, class: "number", "aria-hidden": "true" }, title),
  );
  rows.forEach((row, index) => {
    const top = (index + 1) * BAR.row;
    // In a box of its own, which cuts off what would run into the bar.
    chart.append(
      shape(
        "svg", { y: top, width: `${BAR.left - 1}%`, height: BAR.row },
        shape("text", { x: 0, y: 15 }, row.label),
      ),
    );
    chart.append(
      shape("rect", {
        x: `${BAR.left}%`, y: top + 5, width: `${BAR.width}%`, height: BAR.height, rx: 3, class: "rail",
      }),
    );
    let from = BAR.left;
    for (const [kind, count] of row.parts) {
      if (!count) continue;
      const width = Math.max((count / most) * BAR.width, 0.7);
      chart.append(
        shape(
          "rect",
          { x: `${from}%`, y: top + 5, width: `${width}%`, height: BAR.height, rx: 3, class: kind },
          shape("title", {}, `${row.label}: ${numbers.format(count)}`),
        ),
      );
      from += width;
    }
    chart.append(
      shape(
        "text",
        { x: "100%", y: top + 15, "text-anchor": "end", class: "number" },
        numbers.format(total(row)),
      ),
    );
  });
  return chart;
}

/** The charts of these photos. */
function charts(some) {
  const of = (status) => some.filter((photo) => photo.status === status);
  const got = [...tally(of("downloaded"), (photo) => [photo.source])];
  const lost = of("lost");
  const failed = of("failed");
  const became = got.map(([source, count]) => ({ label: `from ${source}`, parts: [[source, count]] }));
  if (lost.length) became.push({ label: "lost", parts: [["lost", lost.length]] });
  if (failed.length) {
    became.push({ label: "worth another try", parts: [["failed", failed.length]] });
  }
  const made = [bars("Photos", became)];
  const why = tally([...lost, ...failed], reasons);
  if (why.size) {
    const ofLost = tally(lost, reasons);
    const rows = [...why].slice(0, MOST_REASONS).map(([reason, count]) => ({
      label: reason,
      parts: [["lost", ofLost.get(reason) ?? 0], ["failed", count - (ofLost.get(reason) ?? 0)]],
    }));
    const more = why.size - rows.length;
    made.push(bars(`Why photos are missing${more > 0 ? ` (and ${more} more)` : ""}`, rows));
  }
  return made;
}
