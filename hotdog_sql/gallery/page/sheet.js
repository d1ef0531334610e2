/* The contact sheet. Only the tiles in sight exist, however many photos there are. */

const sheet = {
  box: document.getElementById("sheet"),
  shown: [],
  tiles: new Map(),
  columns: 1,
  gap: 16,
  width: 0,
  rowHeight: 1,
  /** Place in `shown` of the photo that the arrow keys start from. */
  current: 0,
  open: () => {},
};

/** Show these photos, from the first. */
sheet.show = (some) => {
  sheet.shown = some;
  sheet.current = 0;
  sheet.clear();
  sheet.layout();
};

sheet.clear = () => {
  sheet.tiles.clear();
  sheet.box.replaceChildren();
};

/** Fit columns to the width; the photo at the top of the window stays there. */
sheet.layout = () => {
  const width = sheet.box.clientWidth;
  const letter = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const narrow = width < 30 * letter;
  sheet.gap = (narrow ? 0.6 : 1.1) * letter;
  const least = (narrow ? 8.5 : 12.5) * letter;
  const before = { columns: sheet.columns, top: sheet.firstRow() };
  sheet.columns = Math.max(narrow ? 2 : 1, Math.floor((width + sheet.gap) / (least + sheet.gap)));
  sheet.width = (width - sheet.gap * (sheet.columns - 1)) / sheet.columns;
  sheet.rowHeight = sheet.width + 3 * letter + sheet.gap;
  const rows = Math.ceil(sheet.shown.length / sheet.columns);
  sheet.box.style.height = `${rows * sheet.rowHeight}px`;
  for (const [place, tile] of sheet.tiles) sheet.put(tile, place);
  if (before.columns !== sheet.columns && before.top > 0) {
    const row = Math.floor((before.top * before.columns) / sheet.columns);
    window.scrollTo(0, sheet.top() + row * sheet.rowHeight - sheet.covered());
  }
  sheet.render();
};

/** Pixels from the top of the document to the sheet. */
sheet.top = () => sheet.box.getBoundingClientRect().top + window.scrollY;

/** Pixels of the window that the controls cover. */
sheet.covered = () => {
  const parts = [document.getElementById("controls"), document.getElementById("bar")];
  const sticky = parts.find((part) => getComputedStyle(part).position === "sticky");
  return sticky ? sticky.offsetHeight : 0;
};

sheet.firstRow = () =>
  Math.max(0, Math.floor((window.scrollY + sheet.covered() - sheet.top()) / sheet.rowHeight));

/** Make the tiles that are in sight or nearly so, remove the others. */
sheet.render = () => {
  const above = window.scrollY - sheet.top();
  const margin = window.innerHeight / 2;
  const from = Math.floor((above - margin) / sheet.rowHeight) * sheet.columns;
  const to = Math.ceil((above + window.innerHeight + margin) / sheet.rowHeight) * sheet.columns;
  const first = Math.max(0, from);
  const last = Math.min(sheet.shown.length, to);
  const focused = sheet.box.contains(document.activeElement);
  for (const [place, tile] of sheet.tiles) {
    if ((place < first || place >= last) && !(focused && place === sheet.current)) {
      tile.remove();
      sheet.tiles.delete(place);
    }
  }
  // In the order of the photos, so that tabbing and reading follow the eye.
  let next = sheet.box.firstElementChild;
  for (let place = first; place < last; place++) {
    let tile = sheet.tiles.get(place);
    if (!tile) {
      tile = sheet.tile(place);
      sheet.tiles.set(place, tile);
      while (next && Number(next.dataset.place) < place) next = next.nextElementSibling;
      sheet.box.insertBefore(tile, next);
    }
    next = tile.nextElementSibling;
  }
};

/** What stands where a picture would: of whom for those who hear it, what became of it for all. */
function absent(photo, told = photo.error || "not on disk") {
  const state = photo.status === "downloaded" ? "Not on disk" : STATES[photo.status];
  const box = element(
    "span", `absent ${photo.status}-photo`,
    element("span", "hidden", `${plainTitle(photo)}. `), element("strong", "", state),
  );
  for (const line of told.split("; ")) box.append(element("span", "", line));
  return box;
}

/** The picture, or what stands in its place. */
function picture(photo) {
  const address = fileAddress(photo);
  if (address === null) return absent(photo);
  const image = element("img");
  image.alt = plainTitle(photo);
  image.decoding = "async";
  image.addEventListener("error", () => image.replaceWith(absent(photo, photo.path)), { once: true });
  return Object.assign(image, { loading: "lazy", src: address });
}

sheet.tile = (place) => {
  const photo = sheet.shown[place];
  const frame = element("button", "frame", picture(photo));
  frame.type = "button";
  frame.addEventListener("click", () => {
    sheet.mark(place);
    sheet.open(place);
  });
  const name = element("span", "title", webLink(photo.OriginalLandingURL, titleOf(photo)));
  const credit = element(
    "span", "credit",
    webLink(photo.AuthorProfileURL, words(photo.Author.trim() || "unknown author")),
    element("span", "", "·"),
    webLink(photo.License, licenseName(photo.License)),
  );
  const tile = element("div", "tile", frame, element("div", "caption", name, credit));
  tile.setAttribute("role", "listitem");
  tile.setAttribute("aria-posinset", String(place + 1));
  tile.setAttribute("aria-setsize", String(sheet.shown.length));
  tile.dataset.place = String(place);
  sheet.put(tile, place);
  sheet.reachable(tile, place === sheet.current);
  return tile;
};

/** Move a tile to its place. */
sheet.put = (tile, place) => {
  const row = Math.floor(place / sheet.columns);
  const column = place % sheet.columns;
  tile.style.width = `${sheet.width}px`;
  tile.style.transform =
    `translate(${column * (sheet.width + sheet.gap)}px, ${row * sheet.rowHeight}px)`;
  tile.firstElementChild.style.height = `${sheet.width}px`;
};

/** Tab comes to one tile and its links; arrows lead to the others. */
sheet.reachable = (tile, yes) => {
  for (const part of tile.querySelectorAll("button, a")) part.tabIndex = yes ? 0 : -1;
};

/** Make this the photo that the arrow keys start from. */
sheet.mark = (place) => {
  const before = sheet.tiles.get(sheet.current);
  sheet.current = place;
  if (before) sheet.reachable(before, false);
  const tile = sheet.tiles.get(place);
  if (tile) sheet.reachable(tile, true);
};

/** Bring a photo into sight and give it the focus. */
sheet.go = (place) => {
  sheet.mark(place);
  const top = sheet.top() + Math.floor(place / sheet.columns) * sheet.rowHeight;
  const covered = sheet.covered();
  if (top - covered < window.scrollY) {
    window.scrollTo(0, top - covered - sheet.gap);
  } else if (top + sheet.rowHeight > window.scrollY + window.innerHeight) {
    window.scrollTo(0, top + sheet.rowHeight - window.innerHeight);
  }
  sheet.render();
  sheet.tiles.get(place).firstElementChild.focus({ preventScroll: true });
};

sheet.box.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const page = Math.max(1, Math.floor(window.innerHeight / sheet.rowHeight)) * sheet.columns;
  const step = {
    ArrowLeft: -1, ArrowRight: 1, ArrowUp: -sheet.columns, ArrowDown: sheet.columns,
    PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
  }[event.key];
  if (step === undefined || !sheet.shown.length) return;
  event.preventDefault();
  sheet.go(Math.min(sheet.shown.length - 1, Math.max(0, sheet.current + step)));
});

sheet.box.addEventListener("focusin", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) sheet.mark(Number(tile.dataset.place));
});

new ResizeObserver(() => sheet.layout()).observe(sheet.box);

let awaited = false;
window.addEventListener(
  "scroll",
  () => {
    if (awaited) return;
    awaited = true;
    requestAnimationFrame(() => {
      awaited = false;
      sheet.render();
    });
  },
  { passive: true },
);
