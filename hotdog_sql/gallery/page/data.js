/* The rows that the page carries, as objects, and what strangers' text may become. */

const carried = JSON.parse(document.getElementById("photos").textContent);

/** What became of a photo, in the page's words. */
const STATES = { downloaded: "On disk", lost: "Lost", failed: "Worth another try" };

/** Every row of the manifest; columns with few values come as numbers into a table of them. */
const photos = carried.rows.map((row, index) => {
  const photo = { index };
  carried.columns.forEach((column, place) => {
    const values = carried.tables[column];
    photo[column] = values ? values[row[place]] : row[place];
  });
  return photo;
});
carried.rows = null;

const numbers = new Intl.NumberFormat("en");

/** "1,234 photos". */
function counted(count, one, many = `${one}s`) {
  return `${numbers.format(count)} ${count === 1 ? one : many}`;
}

/** A size in decimal units, as the commands write it. */
function sizeText(bytes) {
  for (const [limit, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (bytes >= limit) return `${(bytes / limit).toFixed(1)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** How often each value comes up among the photos, the most frequent first. */
function tally(some, values) {
  const counts = new Map();
  for (const photo of some) {
    for (const value of values(photo)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return new Map([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

/** The address, if it leads to the web; null for anything else that can stand in a link. */
function webAddress(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}

/** Where the photo lies relative to this page; null where there is none, or it lies outside. */
function fileAddress(photo) {
  const names = photo.path.split("/");
  if (photo.status !== "downloaded" || names.some((name) => ["", ".", ".."].includes(name))) {
    return null;
  }
  return names.map(encodeURIComponent).join("/");
}

/** "CC BY 2.0" for an address of Creative Commons; other licences as they are. */
function licenseName(license) {
  const known = /^https?:\/\/creativecommons\.org\/licenses\/([a-z-]+)\/([0-9.]+)\//.exec(license);
  return known ? `CC ${known[1].toUpperCase()} ${known[2]}` : license || "none named";
}

/** "mirror: http 404; original: placeholder" as pairs. */
function reasons(photo) {
  return photo.error.split("; ").filter(Boolean);
}

/** An element with a class and children; strings among them become text, never markup. */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A stranger's words, kept apart from the direction of the text around them. */
function words(text) {
  return element("bdi", "", text);
}

/** A link to the web, or plain text where the address leads elsewhere. */
function webLink(address, ...children) {
  const href = webAddress(address);
  if (href === null) return element("span", "", ...children);
  const link = element("a", "", ...children);
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

/** The photo's title; photos without one are named by their ImageID. */
function plainTitle(photo) {
  return photo.Title.trim() || `Untitled (${photo.ImageID})`;
}

/** The same to be shown. */
function titleOf(photo) {
  return photo.Title.trim() ? words(plainTitle(photo)) : element("span", "untitled", plainTitle(photo));
}
