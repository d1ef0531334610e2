/* What is chosen decides what is shown. */

const chosen = { folder: null, partition: null, status: "", source: "", license: "", text: "" };
const controls = {
  status: document.getElementById("status"),
  source: document.getElementById("source"),
  license: document.getElementById("license"),
  text: document.getElementById("text"),
};

/** Photos of the tabs that are chosen. */
function inTabs() {
  return photos.filter(
    (photo) =>
      (chosen.folder === null || photo.folder === chosen.folder) &&
      (chosen.partition === null || photo.partition === chosen.partition),
  );
}

/** What the text filter looks through. */
function searched(photo) {
  photo.searched ??= `${photo.Title}\n${photo.Author}\n${photo.ImageID}`.toLowerCase();
  return photo.searched;
}

/** Whether a photo passes the filters. */
function passes(photo) {
  return (
    (!chosen.status || photo.status === chosen.status) &&
    (!chosen.source || photo.source === chosen.source) &&
    (!chosen.license || photo.License === chosen.license) &&
    (!chosen.text || searched(photo).includes(chosen.text))
  );
}

function update() {
  const all = inTabs();
  const shown = all.filter(passes);
  const filtered = Object.values(controls).some((control) => control.value);
  const missing = shown.filter((photo) => photo.status !== "downloaded").length;
  document.getElementById("count").textContent =
    (filtered ? `${numbers.format(shown.length)} of ` : "") +
    counted(all.length, "photo") +
    (missing ? `, ${numbers.format(missing)} missing` : "");
  document.getElementById("reset").hidden = !filtered;
  document.getElementById("empty").hidden = shown.length > 0;
  document.getElementById("clear").hidden = !filtered;
  const top = sheet.top() - sheet.covered() - sheet.gap;
  if (window.scrollY > top) window.scrollTo(0, top);
  sheet.show(shown);
}

/** Another tab: its charts, and the filters as they are. */
function enter() {
  document.querySelector("#chart .charts").replaceChildren(...charts(inTabs()));
  update();
}

/** The choices of a filter, each with its count over all photos. */
function fill(control, any, values, name) {
  const option = (value, label) => Object.assign(element("option", "", label), { value });
  const counts = [...tally(photos, (photo) => [values(photo)])].filter(([value]) => value);
  control.replaceChildren(
    option("", any),
    ...counts.map(([value, count]) => option(value, `${name(value)} (${numbers.format(count)})`)),
  );
}

/** One tab for all and one for each value, in the order of the manifest; counts are of files. */
function choices(all, values) {
  const counts = new Map();
  let files = 0;
  for (const photo of photos) {
    const one = photo.status === "downloaded" ? 1 : 0;
    counts.set(values(photo), (counts.get(values(photo)) ?? 0) + one);
    files += one;
  }
  return [
    { value: null, label: all, count: files },
    ...[...counts].map(([value, count]) => ({ value, label: value || "none", count })),
  ];
}

function summarize() {
  const got = photos.filter((photo) => photo.status === "downloaded");
  const size = got.reduce((sum, photo) => sum + photo.bytes, 0);
  const folders = new Set(photos.map((photo) => photo.folder)).size;
  const states = tally(photos, (photo) => [photo.status]);
  const parts = [`${counted(got.length, "photo")} in ${counted(folders, "folder")}, ${sizeText(size)}`];
  if (states.get("lost")) parts.push(`${numbers.format(states.get("lost"))} lost`);
  if (states.get("failed")) parts.push(`${numbers.format(states.get("failed"))} worth another try`);
  document.getElementById("summary").textContent = parts.join(" · ");
}

summarize();
tabs(document.getElementById("folders"), choices("All", (photo) => photo.folder), (value) => {
  chosen.folder = value;
  enter();
});
if (photos.some((photo) => photo.partition)) {
  const list = document.getElementById("partitions");
  list.hidden = false;
  tabs(list, choices("All parts", (photo) => photo.partition), (value) => {
    chosen.partition = value;
    enter();
  });
}
fill(controls.status, "Any state", (photo) => photo.status, (status) => STATES[status]);
fill(controls.source, "Any source", (photo) => photo.source, (source) => source);
fill(controls.license, "Any licence", (photo) => photo.License, licenseName);

for (const [name, control] of Object.entries(controls)) {
  control.addEventListener(name === "text" ? "input" : "change", () => {
    chosen[name] = name === "text" ? control.value.trim().toLowerCase() : control.value;
    update();
  });
}
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());

/** Forget the filters; the tabs stay. */
function clear() {
  for (const [name, control] of Object.entries(controls)) {
    control.value = "";
    chosen[name] = "";
  }
  controls.text.focus();
  update();
}
document.getElementById("reset").addEventListener("click", clear);
document.getElementById("clear").addEventListener("click", clear);

sheet.open = lightbox.open;
document.getElementById("chart").open = window.innerWidth > 735;
enter();
