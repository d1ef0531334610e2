/* One photo, large, with everything that is known of it. */

const lightbox = {
  dialog: document.getElementById("lightbox"),
  stage: document.getElementById("stage"),
  title: document.getElementById("photo-title"),
  facts: document.getElementById("facts"),
  place: document.getElementById("place"),
  spoken: document.getElementById("spoken"),
  at: 0,
};

lightbox.open = (place) => {
  lightbox.show(place);
  lightbox.dialog.showModal();
  lightbox.title.focus();
};

/** Show another photo, if there is one at that place. */
lightbox.show = (place) => {
  if (place < 0 || place >= sheet.shown.length) return;
  lightbox.at = place;
  const photo = sheet.shown[place];
  const image = picture(photo);
  if (image.tagName === "IMG") image.loading = "eager";
  lightbox.stage.replaceChildren(image);
  lightbox.title.replaceChildren(titleOf(photo));
  lightbox.facts.replaceChildren(...factsOf(photo));
  const position = `${numbers.format(place + 1)} of ${numbers.format(sheet.shown.length)}`;
  lightbox.place.textContent = position;
  lightbox.spoken.textContent = `${plainTitle(photo)}, ${position}`;
  document.getElementById("previous").disabled = place === 0;
  document.getElementById("next").disabled = place === sheet.shown.length - 1;
  for (const beside of [sheet.shown[place + 1], sheet.shown[place - 1]]) {
    const address = beside && fileAddress(beside);
    if (address) new Image().src = address;
  }
};

/** What is known of a photo, as terms and descriptions. */
function factsOf(photo) {
  const facts = [
    ["Author", webLink(photo.AuthorProfileURL, words(photo.Author.trim() || "unknown"))],
    ["Licence", webLink(photo.License, licenseName(photo.License))],
    ["Source page", webLink(photo.OriginalLandingURL, words(photo.OriginalLandingURL || "none"))],
    ["Folder", words(photo.partition ? `${photo.partition} / ${photo.folder}` : photo.folder)],
    ["Rank in its folder", `${numbers.format(photo.rank)}${photo.reserve ? ", a reserve" : ""}`],
    ["State", STATES[photo.status]],
  ];
  if (photo.status === "downloaded") {
    facts.push(["Bytes from", `${photo.source}, ${sizeText(photo.bytes)}`]);
    facts.push(["File", photo.path, "code"]);
  }
  if (photo.error) facts.push(["What other sources said", photo.error]);
  if (photo.note) facts.push(["Note", photo.note]);
  if (photo.Rotation > 0) facts.push(["Rotation", `${photo.Rotation}° counter-clockwise`]);
  facts.push(["ImageID", photo.ImageID, "code"]);
  return facts.flatMap(([term, description, kind]) => [
    element("dt", "", term), element("dd", kind ?? "", description),
  ]);
}

lightbox.dialog.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const to = {
    ArrowLeft: lightbox.at - 1, ArrowRight: lightbox.at + 1,
    Home: 0, End: sheet.shown.length - 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  lightbox.show(to);
});

lightbox.dialog.addEventListener("close", () => {
  lightbox.stage.replaceChildren();
  sheet.go(lightbox.at);
});

document.getElementById("close").addEventListener("click", () => lightbox.dialog.close());
document.getElementById("previous").addEventListener("click", () => lightbox.show(lightbox.at - 1));
document.getElementById("next").addEventListener("click", () => lightbox.show(lightbox.at + 1));

/* A swipe to the side, with one finger, is a step; a tap beside the picture closes. */
let touched = null;
lightbox.stage.addEventListener("pointerdown", (event) => {
  touched = event.isPrimary ? { x: event.clientX, y: event.clientY } : null;
});
lightbox.stage.addEventListener("pointerup", (event) => {
  if (!touched) return;
  const across = event.clientX - touched.x;
  const along = Math.abs(event.clientY - touched.y);
  touched = null;
  if (Math.abs(across) > 40 && Math.abs(across) > 2 * along) {
    lightbox.show(lightbox.at + (across < 0 ? 1 : -1));
  } else if (event.target === lightbox.stage && Math.abs(across) < 8 && along < 8) {
    lightbox.dialog.close();
  }
});
lightbox.stage.addEventListener("dragstart", (event) => event.preventDefault());
