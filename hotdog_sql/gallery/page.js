/* ---- The photos and the SQL that selected them, as JSON in the page ---- */

const byId = (id) => document.getElementById(id);

const STATUSES = { downloaded: "Downloaded", lost: "Lost", failed: "Failed" };
const EXPLANATIONS = {
  downloaded: "The file is missing or damaged.",
  lost: "No source has this photo any more.",
  failed: "The download failed. Run it again to retry.",
};

const { columns, rows, boxes, recipe } = JSON.parse(byId("photos").textContent);

/** The photos of the manifest, in its order. */
const photos = rows.map((row, place) => {
  const photo = { place };
  columns.forEach((column, index) => { photo[column] = row[index]; });
  for (const column of ["rank", "bytes", "width", "height"]) photo[column] = Number(photo[column]);
  return photo;
});

/** The boxes of each photo by ImageID; undefined if the page has none. */
const boxesOf = boxes && new Map(boxes);

const formatNumber = new Intl.NumberFormat("en").format;
const formatPercent = new Intl.NumberFormat("en", { style: "percent" }).format;

/** "1,234 photos". */
function countText(count, noun) {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function shareText(share) {
  return share < 0.005 ? "<1%" : formatPercent(share);
}

/** A size in decimal units, as the commands print it. */
function sizeText(bytes) {
  for (const [limit, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (bytes >= limit) return `${(bytes / limit).toFixed(1)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** The number of photos with each value, most frequent first. */
function countBy(some, valuesOf) {
  const counts = new Map();
  for (const photo of some) {
    for (const value of valuesOf(photo)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return new Map([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

/** The error of each source, such as "mirror: http 404". */
function errorsOf(photo) {
  return photo.error.split("; ").filter(Boolean);
}

/** The address of the photo's file relative to this page, or null if it has none. */
function fileAddress(photo) {
  return photo.path ? photo.path.split("/").map(encodeURIComponent).join("/") : null;
}

/** "CC BY 2.0" for a Creative Commons address; other licences unchanged. */
function licenseName(license) {
  const known = /^https?:\/\/creativecommons\.org\/licenses\/([a-z-]+)\/([0-9.]+)\//.exec(license);
  return known ? `CC ${known[1].toUpperCase()} ${known[2]}` : license || "no licence";
}

function titleOf(photo) {
  return photo.Title.trim() || `Untitled (${photo.ImageID})`;
}

/* ---- Elements ---- */

/** Create an element with a class and children; strings become text, never markup. */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Text that cannot change the direction of the text around it. */
function isolated(text) {
  return element("bdi", "", text);
}

function titleElement(photo) {
  return photo.Title.trim() ? isolated(titleOf(photo)) : element("span", "untitled", titleOf(photo));
}

/** The address if it is http or https, else null: it may be `javascript:` or anything. */
function webAddress(text) {
  try {
    const url = new URL(text);
    return ["https:", "http:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link, or plain text if the address is not http or https. */
function webLink(address, ...children) {
  const href = webAddress(address);
  if (href === null) return element("span", "", ...children);
  const link = element("a", "", ...children);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

/** The panel in place of a photo without a file. */
function missingPanel(photo, details = errorsOf(photo)) {
  return element(
    "span", `missing ${photo.status}`,
    element("span", "hidden", `${titleOf(photo)}. `),
    element("strong", "", photo.status === "downloaded" ? "Missing" : STATUSES[photo.status]),
    element("span", "", EXPLANATIONS[photo.status]),
    ...details.map((detail) => element("span", "", detail)),
  );
}

/** The photo's image, or a panel that says why it is missing. */
function imageOf(photo, loading) {
  const address = fileAddress(photo);
  if (address === null) return missingPanel(photo);
  const image = element("img");
  image.alt = titleOf(photo);
  image.decoding = "async";
  image.addEventListener(
    "error", () => image.replaceWith(missingPanel(photo, [photo.path])), { once: true },
  );
  return Object.assign(image, { loading, src: address });
}

/* ---- Charts ---- */

const BAR = { row: 24, height: 12, left: 52, width: 37 };
const MAX_ERRORS = 7;

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/**
 * A bar chart.
 * @param {string} title
 * @param {Array<{label: string, parts: Array<[string, number]>}>} rows parts: class name and count.
 */
function barChart(title, rows) {
  const total = (row) => row.parts.reduce((sum, [, count]) => sum + count, 0);
  const largest = Math.max(1, ...rows.map(total));
  const spoken = rows.map((row) => `${row.label}: ${formatNumber(total(row))}`).join("; ");
  const chart = svg(
    "svg",
    { role: "img", height: (rows.length + 1) * BAR.row, "aria-label": `${title}. ${spoken}` },
    svg("text", { x: 0, y: 15, class: "number", "aria-hidden": "true" }, title),
  );
  rows.forEach((row, index) => {
    const top = (index + 1) * BAR.row;
    const bar = (left, width, className, ...children) => svg(
      "rect",
      { x: `${left}%`, y: top + 5, width: `${width}%`, height: BAR.height, rx: 3, class: className },
      ...children,
    );
    // A nested svg cuts the label off before the bar.
    const label = svg("text", { x: 0, y: 15 }, row.label);
    chart.append(
      svg("svg", { y: top, width: `${BAR.left - 1}%`, height: BAR.row }, label),
      bar(BAR.left, BAR.width, "rail"),
    );
    let left = BAR.left;
    for (const [className, count] of row.parts.filter(([, count]) => count)) {
      const width = Math.max((count / largest) * BAR.width, 0.7);
      const hint = svg("title", {}, `${row.label}: ${formatNumber(count)}`);
      chart.append(bar(left, width, className, hint));
      left += width;
    }
    const end = { x: "100%", y: top + 15, "text-anchor": "end", class: "number" };
    chart.append(svg("text", end, formatNumber(total(row))));
  });
  return chart;
}

function chartsOf(some) {
  const [downloaded, lost, failed] = Object.keys(STATUSES).map((status) =>
    some.filter((photo) => photo.status === status),
  );
  const results = [...countBy(downloaded, (photo) => [photo.source])].map(([source, count]) => ({
    label: `from ${source}`, parts: [[source, count]],
  }));
  if (lost.length) results.push({ label: "lost", parts: [["lost", lost.length]] });
  if (failed.length) results.push({ label: "failed", parts: [["failed", failed.length]] });
  const charts = [barChart("Results", results)];
  const errors = countBy([...lost, ...failed], errorsOf);
  if (errors.size) {
    const ofLost = countBy(lost, errorsOf);
    const rows = [...errors].slice(0, MAX_ERRORS).map(([error, count]) => ({
      label: error,
      parts: [["lost", ofLost.get(error) ?? 0], ["failed", count - (ofLost.get(error) ?? 0)]],
    }));
    const more = errors.size - rows.length;
    charts.push(barChart(`Reasons for missing photos${more ? ` (and ${more} more)` : ""}`, rows));
  }
  return charts;
}

/* ---- Tabs ---- */

/**
 * Fill the tab list of a column: a tab for all photos, and one for each value.
 * @returns {(some: object[]) => void} updates the number and share of these photos in each tab.
 */
function makeTabs(column, all) {
  const list = byId(`${column}s`);
  const values = [null, ...new Set(photos.map((photo) => photo[column]))];
  const buttons = values.map((value) => {
    const label = value === null ? all : value || "none";
    const numbers = [element("span", "number"), " ", element("span", "share number")];
    const button = element("button", "", isolated(label), " ", ...numbers);
    button.type = "button";
    button.title = label;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", "panel");
    button.addEventListener("click", () => {
      select(button);
      choose(column, value);
    });
    return button;
  });

  function select(chosen) {
    for (const button of buttons) {
      button.setAttribute("aria-selected", String(button === chosen));
      button.tabIndex = button === chosen ? 0 : -1;
    }
  }

  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const from = buttons.indexOf(document.activeElement);
    const to = {
      ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: buttons.length - 1,
    }[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    const button = buttons[(to + buttons.length) % buttons.length];
    button.focus();
    button.click();
  });

  list.replaceChildren(...buttons);
  select(buttons[0]);
  return (some) => {
    const counts = countBy(some, (photo) => [photo[column], null]);
    values.forEach((value, index) => {
      const count = counts.get(value) ?? 0;
      const [number, share] = buttons[index].querySelectorAll(".number");
      number.textContent = formatNumber(count);
      share.textContent = value === null || !count ? "" : `(${shareText(count / some.length)})`;
    });
  };
}

/* ---- The grid: only visible tiles exist, however many photos there are ---- */

const grid = {
  box: byId("grid"),
  photos: [],
  tiles: new Map(),
  /** Minimum width of a tile, in rem. */
  tileSize: 12.5,
  columns: 1,
  gap: 16,
  width: 0,
  rowHeight: 1,
  /** Index of the photo that the arrow keys start from. */
  current: 0,
};

grid.show = (some) => {
  grid.photos = some;
  grid.current = 0;
  grid.tiles.clear();
  grid.box.replaceChildren();
  grid.layout();
};

/** Fit the columns to the width, and keep the same photo at the top of the window. */
grid.layout = () => {
  const width = grid.box.clientWidth;
  const letter = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const narrow = width < 30 * letter;
  const before = { columns: grid.columns, row: grid.firstRow() };
  const tile = grid.tileSize * (narrow ? 0.68 : 1) * letter;
  grid.gap = (narrow ? 0.6 : 1.1) * letter;
  grid.columns = Math.max(1, Math.floor((width + grid.gap) / (tile + grid.gap))) - 1;
  // Chromium cuts elements off at 33,554,432 device pixels, Firefox at 17,895,697 CSS pixels.
  const maxHeight = 3e7 / Math.max(2, window.devicePixelRatio);
  let height;
  do {
    grid.columns += 1;
    grid.width = (width - grid.gap * (grid.columns - 1)) / grid.columns;
    grid.rowHeight = grid.width + 3 * letter + grid.gap;
    height = Math.ceil(grid.photos.length / grid.columns) * grid.rowHeight;
  } while (height > maxHeight);
  byId("size").setAttribute("aria-valuetext", countText(grid.columns, "column"));
  grid.box.style.height = `${height}px`;
  for (const [index, one] of grid.tiles) grid.moveTile(one, index);
  if (before.columns !== grid.columns && before.row > 0) {
    const row = Math.floor((before.row * before.columns) / grid.columns);
    window.scrollTo(0, grid.top() + row * grid.rowHeight - grid.coveredHeight());
  }
  grid.render();
};

/** Pixels from the top of the document to the grid. */
grid.top = () => grid.box.getBoundingClientRect().top + window.scrollY;

/** Pixels of the window that the controls cover. */
grid.coveredHeight = () => {
  const sticky = [byId("controls"), byId("bar")].find(
    (part) => part.offsetHeight && getComputedStyle(part).position === "sticky",
  );
  return sticky ? sticky.offsetHeight : 0;
};

grid.firstRow = () =>
  Math.max(0, Math.floor((window.scrollY + grid.coveredHeight() - grid.top()) / grid.rowHeight));

/** Create the tiles in or near the window, and remove the others. */
grid.render = () => {
  const above = window.scrollY - grid.top();
  const margin = window.innerHeight / 2;
  const from = Math.floor((above - margin) / grid.rowHeight) * grid.columns;
  const to = Math.ceil((above + window.innerHeight + margin) / grid.rowHeight) * grid.columns;
  const first = Math.max(0, from);
  const last = Math.min(grid.photos.length, to);
  const focused = grid.box.contains(document.activeElement);
  if (!focused && first < last && (grid.current < first || grid.current >= last)) {
    grid.setCurrent(Math.min(last - 1, grid.firstRow() * grid.columns));
  }
  for (const [index, tile] of grid.tiles) {
    if ((index < first || index >= last) && !(focused && index === grid.current)) {
      tile.remove();
      grid.tiles.delete(index);
    }
  }
  // In the order of the photos, for the Tab key and screen readers.
  let next = grid.box.firstElementChild;
  for (let index = first; index < last; index++) {
    let tile = grid.tiles.get(index);
    if (!tile) {
      tile = grid.makeTile(index);
      grid.tiles.set(index, tile);
      while (next && Number(next.dataset.index) < index) next = next.nextElementSibling;
      grid.box.insertBefore(tile, next);
    }
    next = tile.nextElementSibling;
  }
};

grid.makeTile = (index) => {
  const photo = grid.photos[index];
  const frame = element("button", "frame", imageOf(photo, "lazy"));
  frame.type = "button";
  drawBoxes(frame, photo);
  frame.addEventListener("click", () => {
    grid.setCurrent(index);
    lightbox.open(index);
  });
  const title = element("span", "title", webLink(photo.OriginalLandingURL, titleElement(photo)));
  const credit = element(
    "span", "credit",
    webLink(photo.AuthorProfileURL, isolated(photo.Author.trim() || "unknown author")),
    element("span", "", "·"),
    webLink(photo.License, licenseName(photo.License)),
  );
  const tile = element("div", "tile", frame, element("div", "caption", title, credit));
  tile.setAttribute("role", "listitem");
  tile.setAttribute("aria-posinset", String(index + 1));
  tile.setAttribute("aria-setsize", String(grid.photos.length));
  tile.dataset.index = String(index);
  grid.moveTile(tile, index);
  grid.setTabStop(tile, index === grid.current);
  return tile;
};

grid.moveTile = (tile, index) => {
  const left = (index % grid.columns) * (grid.width + grid.gap);
  const top = Math.floor(index / grid.columns) * grid.rowHeight;
  tile.style.width = `${grid.width}px`;
  tile.style.transform = `translate(${left}px, ${top}px)`;
  tile.firstElementChild.style.height = `${grid.width}px`;
};

/** The Tab key stops at one tile and its links; the arrow keys reach the others. */
grid.setTabStop = (tile, stop) => {
  for (const part of tile.querySelectorAll("button, a")) part.tabIndex = stop ? 0 : -1;
};

grid.setCurrent = (index) => {
  const before = grid.tiles.get(grid.current);
  if (before) grid.setTabStop(before, false);
  grid.current = index;
  const tile = grid.tiles.get(index);
  if (tile) grid.setTabStop(tile, true);
};

/** Scroll to a photo and focus it. */
grid.focus = (index) => {
  grid.setCurrent(index);
  const top = grid.top() + Math.floor(index / grid.columns) * grid.rowHeight;
  const covered = grid.coveredHeight();
  if (top - covered < window.scrollY) {
    window.scrollTo(0, top - covered - grid.gap);
  } else if (top + grid.rowHeight > window.scrollY + window.innerHeight) {
    window.scrollTo(0, top + grid.rowHeight - window.innerHeight);
  }
  grid.render();
  grid.tiles.get(index).firstElementChild.focus({ preventScroll: true });
};

grid.box.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const page = Math.max(1, Math.floor(window.innerHeight / grid.rowHeight)) * grid.columns;
  const step = {
    ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns,
    PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
  }[event.key];
  if (step === undefined || !grid.photos.length) return;
  event.preventDefault();
  grid.focus(Math.min(grid.photos.length - 1, Math.max(0, grid.current + step)));
});

grid.box.addEventListener("focusin", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) grid.setCurrent(Number(tile.dataset.index));
});

new ResizeObserver(() => grid.layout()).observe(grid.box);

let renderPending = false;
window.addEventListener(
  "scroll",
  () => {
    if (renderPending) return;
    renderPending = true;
    requestAnimationFrame(() => {
      renderPending = false;
      grid.render();
    });
  },
  { passive: true },
);

/* ---- The lightbox: one large photo and its details ---- */

const lightbox = { dialog: byId("lightbox"), stage: byId("stage"), index: 0 };

lightbox.open = (index) => {
  lightbox.show(index);
  lightbox.dialog.showModal();
  byId("photo-title").focus();
};

/** Show the photo at an index, if there is one. */
lightbox.show = (index) => {
  const photo = grid.photos[index];
  if (!photo) return;
  lightbox.index = index;
  lightbox.stage.replaceChildren(imageOf(photo, "eager"));
  drawBoxes(lightbox.stage, photo);
  byId("photo-title").replaceChildren(titleElement(photo));
  byId("facts").replaceChildren(...factsOf(photo));
  byId("facts").parentElement.scrollTop = 0;
  const position = `${formatNumber(index + 1)} of ${formatNumber(grid.photos.length)}`;
  byId("position").textContent = position;
  byId("spoken").textContent = `${titleOf(photo)}, ${position}`;
  byId("previous").disabled = index === 0;
  byId("next").disabled = index === grid.photos.length - 1;
  if (document.activeElement?.disabled) byId("photo-title").focus();
  for (const neighbour of [grid.photos[index + 1], grid.photos[index - 1]]) {
    const address = neighbour && fileAddress(neighbour);
    if (address) new Image().src = address;
  }
};

/** The details of a photo, as terms and descriptions. */
function factsOf(photo) {
  const facts = [
    ["Author", webLink(photo.AuthorProfileURL, isolated(photo.Author.trim() || "unknown"))],
    ["Licence", webLink(photo.License, licenseName(photo.License))],
    [
      "Source page",
      webLink(photo.OriginalLandingURL, isolated(photo.OriginalLandingURL || "unknown")),
    ],
    ["Folder", isolated(photo.partition ? `${photo.partition} / ${photo.folder}` : photo.folder)],
    ["Rank", `${formatNumber(photo.rank)}${photo.reserve.toLowerCase() === "true" ? " (a replacement)" : ""}`],
    ["Status", STATUSES[photo.status]],
  ];
  if (photo.status === "downloaded") {
    facts.push(["Downloaded from", `${photo.source}, ${sizeText(photo.bytes)}`]);
    if (photo.width) facts.push(["Size", `${photo.width} × ${photo.height} pixels`]);
    facts.push(["File", photo.path, "code"]);
  }
  if (photo.error) facts.push(["Errors", errorsOf(photo).join(", ")]);
  if (photo.note) facts.push(["Note", photo.note]);
  if (photo.Rotation > 0) facts.push(["Rotation", `${photo.Rotation}° counter-clockwise`]);
  facts.push(["ImageID", photo.ImageID, "code"]);
  return facts.flatMap(([term, description, className]) => [
    element("dt", "", term), element("dd", className ?? "", description),
  ]);
}

lightbox.dialog.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const index = {
    ArrowLeft: lightbox.index - 1, ArrowRight: lightbox.index + 1,
    Home: 0, End: grid.photos.length - 1,
  }[event.key];
  if (index === undefined) return;
  event.preventDefault();
  lightbox.show(index);
});

lightbox.dialog.addEventListener("close", () => {
  lightbox.stage.replaceChildren();
  grid.focus(lightbox.index);
});

byId("close").addEventListener("click", () => lightbox.dialog.close());
byId("previous").addEventListener("click", () => lightbox.show(lightbox.index - 1));
byId("next").addEventListener("click", () => lightbox.show(lightbox.index + 1));

/* A horizontal swipe shows the next or previous photo; a tap beside the photo closes. */
let touchStart = null;
lightbox.stage.addEventListener("pointerdown", (event) => {
  touchStart = event.isPrimary && event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
});
lightbox.stage.addEventListener("pointerup", (event) => {
  if (!touchStart) return;
  const across = event.clientX - touchStart.x;
  const along = Math.abs(event.clientY - touchStart.y);
  touchStart = null;
  if (event.pointerType !== "mouse" && Math.abs(across) > 40 && Math.abs(across) > 2 * along) {
    lightbox.show(lightbox.index + (across < 0 ? 1 : -1));
  } else if (event.target === lightbox.stage && Math.abs(across) < 8 && along < 8) {
    lightbox.dialog.close();
  }
});
lightbox.stage.addEventListener("dragstart", (event) => event.preventDefault());

/* ---- Filters and sorting ---- */

const compareText = new Intl.Collator(undefined, { numeric: true }).compare;
/** Photos without the text come last; equal ones keep the order of the manifest. */
const byText = (column) => (a, b) =>
  Number(!a[column].trim()) - Number(!b[column].trim()) ||
  compareText(a[column], b[column]) || a.place - b.place;
const ORDERS = {
  rank: (a, b) => a.place - b.place,
  title: byText("Title"),
  author: byText("Author"),
  largest: (a, b) => b.bytes - a.bytes || a.place - b.place,
  smallest: (a, b) => a.bytes - b.bytes || a.place - b.place,
};

const statusCounts = countBy(photos, (photo) => [photo.status]);
const firstStatus = Object.keys(STATUSES).find((status) => statusCounts.get(status)) ?? "downloaded";
const defaults = { status: firstStatus, source: "", license: "", text: "" };
const chosen = { folder: null, partition: null, sort: "rank", ...defaults };

/** The photos of a folder and a partition; null means all. */
function photosIn(folder, partition) {
  return photos.filter(
    (photo) =>
      (folder === null || photo.folder === folder) &&
      (partition === null || photo.partition === partition),
  );
}

const hasStatus = (photo) => photo.status === chosen.status;

function passesFilters(photo) {
  photo.searchText ??= `${photo.Title}\n${photo.Author}\n${photo.ImageID}`.toLowerCase();
  return (
    (!chosen.source || photo.source === chosen.source) &&
    (!chosen.license || photo.License === chosen.license) &&
    (!chosen.text || photo.searchText.includes(chosen.text.trim().toLowerCase()))
  );
}

/** Fill a select with the values of these photos and their counts; keep its choice. */
function fillSelect(name, any, some, valueOf, labelOf) {
  const counts = countBy(some, (photo) => [valueOf(photo)]);
  if (chosen[name] && !counts.has(chosen[name])) counts.set(chosen[name], 0);
  const option = (value, label) => Object.assign(element("option", "", label), { value });
  const options = [...counts]
    .filter(([value]) => value)
    .map(([value, count]) => option(value, `${labelOf(value)} (${formatNumber(count)})`));
  byId(name).replaceChildren(...(any ? [option("", any)] : []), ...options);
  byId(name).value = chosen[name];
}

/** Show the counts, charts and photos of the current choices. */
function update() {
  const inTabs = photosIn(chosen.folder, chosen.partition);
  const all = inTabs.filter(hasStatus);
  const shown = all.filter(passesFilters).sort(ORDERS[chosen.sort]);
  const noun = chosen.status === "downloaded" ? "photo" : `${chosen.status} photo`;
  const filtered = Object.keys(defaults).some((name) => chosen[name] !== defaults[name]);

  writeFolderCounts(photosIn(null, chosen.partition).filter(hasStatus));
  writePartitionCounts(photosIn(chosen.folder, null).filter(hasStatus));
  fillSelect("status", "", inTabs, (photo) => photo.status, (status) => STATUSES[status]);
  fillSelect("source", "Any source", all, (photo) => photo.source, (source) => source);
  fillSelect("license", "Any licence", all, (photo) => photo.License, licenseName);
  document.querySelector("#results .charts").replaceChildren(...chartsOf(inTabs));
  byId("count").textContent =
    (shown.length < all.length ? `${formatNumber(shown.length)} of ` : "") +
    countText(all.length, noun);
  byId("reset").hidden = !filtered;
  byId("empty").hidden = shown.length > 0;
  byId("clear").hidden = !filtered;

  const top = grid.top() - grid.coveredHeight() - grid.gap;
  if (window.scrollY > top) window.scrollTo(0, top);
  grid.show(shown);
}

function choose(name, value) {
  chosen[name] = value;
  update();
}

function clearFilters() {
  Object.assign(chosen, defaults);
  byId("text").value = "";
  byId("text").focus();
  update();
}

/** Write "155 photos in 2 folders, 684.2 kB · 3 lost"; a click on "3 lost" shows them. */
function writeSummary() {
  const size = photos.reduce((sum, photo) => sum + photo.bytes, 0);
  const folders = new Set(photos.map((photo) => photo.folder)).size;
  const downloaded = countText(statusCounts.get("downloaded") ?? 0, "photo");
  byId("summary").append(`${downloaded} in ${countText(folders, "folder")}, ${sizeText(size)}`);
  for (const status of ["lost", "failed"].filter((one) => statusCounts.get(one))) {
    const button = element("button", "link", `${formatNumber(statusCounts.get(status))} ${status}`);
    button.type = "button";
    button.addEventListener("click", () => {
      for (const tabs of ["folders", "partitions"]) byId(tabs).firstElementChild.click();
      Object.assign(chosen, defaults, { status });
      byId("text").value = "";
      update();
    });
    byId("summary").append(" · ", button);
  }
}

const writeFolderCounts = makeTabs("folder", "All");
const writePartitionCounts = makeTabs("partition", "All partitions");
byId("partitions").hidden = !photos.some((photo) => photo.partition);
for (const [name, column] of Object.entries({ status: "status", license: "License" })) {
  byId(name).parentElement.hidden = photos.every((photo) => photo[column] === photos[0][column]);
}
byId("results").open = window.innerWidth > 735;
byId("recipe").hidden = !recipe;
byId("sql").hidden = !recipe?.sql;
byId("sql").querySelector("pre").textContent = recipe?.sql;
byId("sql-link").addEventListener("click", () => { byId("sql").open = true; });
if (!recipe?.sql) byId("recipe").replaceChildren("Selected with ", byId("recipe").lastElementChild);
// After a reload, a browser may restore other values.
byId("text").value = chosen.text;
byId("sort").value = chosen.sort;
byId("size").value = String(grid.tileSize);
byId("size").addEventListener("input", () => {
  grid.tileSize = Number(byId("size").value);
  grid.layout();
});
for (const name of ["sort", ...Object.keys(defaults)]) {
  const control = byId(name);
  control.addEventListener(name === "text" ? "input" : "change", () => choose(name, control.value));
}
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("reset").addEventListener("click", clearFilters);
byId("clear").addEventListener("click", clearFilters);
writeSummary();
update();

/* ---- Boxes: drawn over a photo on hover, and in the lightbox ---- */

/** Draw a photo's boxes over its image once the image's size is known. */
function drawBoxes(holder, photo) {
  const image = holder.querySelector("img");
  const found = boxesOf?.get(photo.ImageID);
  if (!image || !found) return;
  const draw = () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    const shapes = found.flatMap(([name, left, right, top, bottom]) => [
      svg("rect", {
        x: left * width, y: top * height,
        width: (right - left) * width, height: (bottom - top) * height,
      }),
      svg("text", {
        x: left * width + height / 60, y: top * height + height / 20, "font-size": height / 24,
      }, name),
    ]);
    const names = found.map(([name]) => name).join(", ");
    const drawn = svg("svg", {
      class: "boxes", role: "img", "aria-label": `Boxes: ${names}`,
      viewBox: `0 0 ${width} ${height}`,
    }, ...shapes);
    holder.append(drawn);
    new ResizeObserver(() => {
      for (const [side, value] of [
        ["left", image.offsetLeft], ["top", image.offsetTop],
        ["width", image.offsetWidth], ["height", image.offsetHeight],
      ]) drawn.style[side] = `${value}px`;
    }).observe(image);
  };
  if (image.complete && image.naturalWidth) draw();
  else image.addEventListener("load", draw, { once: true });
}

byId("boxes-switch").hidden = !boxesOf;
byId("boxes").addEventListener("change", (event) => {
  document.body.classList.toggle("without-boxes", !event.target.checked);
});
