// The colours of a picture: of its first pixel, and how many pixels of each box have which, the rare ones aside.
async (base64, boxes) => {
  const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const colour = (data, at) => `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`;
  const count = ([left, top, right, bottom]) => {
    const { data } = context.getImageData(Math.ceil(left), Math.ceil(top), Math.floor(right - left), Math.floor(bottom - top));
    const counts = {};
    for (let at = 0; at < data.length; at += 4) {
      counts[colour(data, at)] = (counts[colour(data, at)] ?? 0) + 1;
    }
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count >= 20));
  };
  return { corner: colour(context.getImageData(0, 0, 1, 1).data, 0), boxes: boxes.map(count) };
}
