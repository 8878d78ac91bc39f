// What tests ask of a page, in the browser's own words.

/** Texts whose contrast with what lies behind them is below 4.5 (WCAG 2.2, 1.4.3). */
export const faintTexts = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const sheet = document.querySelector('rect.back');
    if (sheet !== null) return getComputedStyle(sheet).fill;
    for (let one = element; one !== null; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('*')].filter((element) =>
    !['title', 'desc', 'style', 'head'].includes(element.localName) && element.closest('head') === null &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''));
  const bad = texts.flatMap((element) => {
    const style = getComputedStyle(element);
    const ink = element.ownerSVGElement == null ? style.color : style.fill;
    const [dim, bright] = [light(ink), light(behind(element))].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dim + 0.05);
    return contrast >= 4.5 ? [] : [element.textContent + ' ' + contrast.toFixed(2)];
  });
  return texts.length < 30 ? ['only ' + texts.length + ' texts were found'] : bad;
})()`;

/** The kids in the tables that can be seen. */
export const shownKids = `[...document.querySelectorAll('tbody th')]
  .filter((cell) => { const box = cell.getBoundingClientRect(); return box.width > 20 && box.height > 10 && box.left >= 0 && box.right <= innerWidth; })
  .filter((cell) => cell.checkVisibility())
  .map((cell) => cell.textContent)`;
