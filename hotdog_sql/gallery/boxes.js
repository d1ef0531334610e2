
/* ---- Boxes: drawn over a photo when the pointer is on it, and in the lightbox ---- */

/** Draw a photo's boxes over its image, as soon as the image's size is known. */
function drawBoxes(holder, photo) {
  const image = holder.querySelector("img");
  const found = (boxes ?? {})[photo.ImageID];
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

byId("boxes-switch").hidden = boxes === undefined;
byId("boxes").addEventListener("change", (event) => {
  document.body.classList.toggle("without-boxes", !event.target.checked);
});
