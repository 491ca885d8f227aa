// What a page looks like, as plain values; boxes are [left, top, right, bottom] in pixels of the page.
(() => {
  const shown = element => element.getClientRects().length > 0;
  const box = element => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return [left + scrollX, top + scrollY, right + scrollX, bottom + scrollY];
  };
  const figures = [...document.querySelectorAll("figure")].filter(figure => figure.querySelector(".drawing")).map(figure => {
    const drawings = [...figure.querySelectorAll("svg")].filter(shown);
    const marks = drawings.flatMap(svg => [...svg.querySelectorAll("rect, circle")]);
    const swatches = [...figure.querySelectorAll(".legend li")].map(entry => getComputedStyle(entry, "::before").backgroundColor);
    return {
      id: figure.id,
      drawings: drawings.map(box),
      colours: [...new Set(marks.map(mark => getComputedStyle(mark).fill).concat(swatches))],
      texts: drawings.flatMap(svg => [...svg.querySelectorAll("text")]).map(text => ({ words: text.textContent, box: box(text) })),
    };
  });
  const wide = [...document.querySelectorAll("body *")]
    .filter(element => shown(element) && !element.closest(".scroll > *, .hidden, svg *") && box(element)[2] > innerWidth + 1)
    .map(element => `${element.tagName.toLowerCase()}.${element.className}`);
  return {
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    width: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
    wide,
    figures,
  };
})()
