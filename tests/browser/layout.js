// What tests/browser/test_accessibility.py measures in the page. Every function returns a list of complaints.

const SCROLLS = ["auto", "scroll"];
const INTERACTIVE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=option], [tabindex='0']";
const MAIN_CONTROLS =
  "button, input:not([type=checkbox]):not([type=hidden]), select, summary, .choice, .chips a, .pages a, .neighbours a, .site-name, [role=option]";
const TARGET_PX = 24; // WCAG 2.2, 2.5.8
const MAIN_TARGET_PX = 44; // デジタル庁デザインシステム
const ROUNDING_PX = 1;

const style = (element) => getComputedStyle(element);
const ancestors = (element) => (element ? [element, ...ancestors(element.parentElement)] : []);
const text = (element) => (element.innerText ?? element.value ?? "").trim().slice(0, 30);
const name = (element) => `<${element.localName} class="${element.className}"> ${text(element)}`;
const isScroller = (element) => SCROLLS.includes(style(element).overflowX) || SCROLLS.includes(style(element).overflowY);
const isForHearing = (element) => ancestors(element).some((one) => one.matches(".skip:not(:focus)") || style(one).clipPath === "inset(50%)");
const isShown = (element) =>
  element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && !isForHearing(element);
const boxOf = (element) => (style(element).display.startsWith("inline") && style(element).display === "inline" ? boxOf(element.parentElement) : element);

function* lines() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const owner = node.parentElement;
    if (!node.data.trim() || !isShown(owner) || owner.closest("script, select, textarea")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) if (rect.width > 0) yield { node, owner, rect };
  }
}

window.layout = {
  sideways() {
    const width = document.documentElement.scrollWidth;
    return width > innerWidth ? [`the page is ${width} px wide in a window of ${innerWidth}`] : [];
  },

  outside() {
    const complaints = [];
    for (const { node, owner, rect } of lines()) {
      const block = boxOf(owner);
      const frame = block.getBoundingClientRect();
      const isOut = rect.left < frame.left - ROUNDING_PX || rect.right > frame.right + ROUNDING_PX;
      if (isOut && !isScroller(block)) complaints.push(`"${node.data.trim()}" leaves ${name(block)}`);
    }
    return complaints;
  },

  clipped() {
    return [...document.body.querySelectorAll("*")]
      .filter((element) => isShown(element) && !element.matches("input") && ["hidden", "clip"].includes(style(element).overflowX))
      .filter((element) => element.scrollWidth > element.clientWidth + ROUNDING_PX || element.scrollHeight > element.clientHeight + ROUNDING_PX)
      .map((element) => `${name(element)} is cut`);
  },

  overlaps() {
    // A line's rectangle is taller than its glyphs: only its middle half counts.
    const middles = [...lines()].map(({ node, rect }) => ({
      node, left: rect.left + 1, right: rect.right - 1, top: rect.top + rect.height / 4, bottom: rect.bottom - rect.height / 4,
    }));
    middles.sort((one, other) => one.top - other.top);
    const complaints = [];
    middles.forEach((one, place) => {
      for (const other of middles.slice(place + 1)) {
        if (other.top >= one.bottom) break;
        if (one.left < other.right && other.left < one.right) complaints.push(`"${one.node.data.trim()}" over "${other.node.data.trim()}"`);
      }
    });
    return complaints;
  },

  smallTargets() {
    const size = (element) => {
      const rect = (element.closest("label") ?? element).getBoundingClientRect();
      return Math.round(Math.min(rect.width, rect.height) * 10) / 10;
    };
    // 2.5.8 excepts a target in a sentence: a link with other text on its line, in running text.
    const isInSentence = (element) =>
      style(element).display === "inline" && [...boxOf(element).childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim().length > 1);
    const shown = (selector) => [...document.querySelectorAll(selector)].filter(isShown);
    return [
      ...shown(INTERACTIVE).filter((element) => size(element) < TARGET_PX && !isInSentence(element)),
      ...shown(MAIN_CONTROLS).filter((element) => (element.closest("label") ?? element).getBoundingClientRect().height < MAIN_TARGET_PX),
    ].map((element) => `${name(element)} is ${size(element)} px`);
  },

  moving() {
    const isLong = (value) => value.split(",").some((duration) => parseFloat(duration) > 0);
    const complaints = [document.documentElement, ...document.querySelectorAll("*")]
      .filter((element) => isLong(style(element).transitionDuration) || isLong(style(element).animationDuration))
      .map((element) => `${name(element)} moves`);
    const smooth = [...document.querySelectorAll("*")].filter((element) => style(element).scrollBehavior === "smooth");
    return [...complaints, ...smooth.map((element) => `${name(element)} scrolls smoothly`)];
  },

  focus() {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const rect = element.getBoundingClientRect();
    const look = style(element);
    const ring = parseFloat(look.outlineWidth) + Math.max(0, parseFloat(look.outlineOffset));
    const complaints = [];
    if (!["solid", "auto"].includes(look.outlineStyle) || parseFloat(look.outlineWidth) < 2) complaints.push("has no outline");
    const behind = ancestors(element.parentElement).map((one) => style(one).backgroundColor).find(isOpaque) ?? style(document.documentElement).backgroundColor;
    if (contrast(look.outlineColor, behind) < 3) complaints.push(`has an outline ${look.outlineColor} on ${behind}`);
    if (rect.bottom <= 0 || rect.top >= innerHeight || rect.right <= 0 || rect.left >= innerWidth) complaints.push("is out of sight");
    const bar = document.querySelector(".marks:not([hidden])");
    const covered = bar?.getBoundingClientRect();
    if (covered && !bar.contains(element) && rect.top < covered.bottom && rect.bottom > covered.top) {
      const stuck = covered.top <= 0;
      if (stuck) complaints.push(`is behind the bar (${Math.round(rect.top)} < ${Math.round(covered.bottom)})`);
    }
    for (const one of ancestors(element.parentElement).filter((other) => other !== document.documentElement && style(other).overflowX !== "visible")) {
      const frame = one.getBoundingClientRect();
      if (rect.left - ring < frame.left - ROUNDING_PX || (rect.right + ring > frame.right + ROUNDING_PX && rect.width < frame.width))
        complaints.push(`has a ring that ${name(one)} cuts`);
    }
    return complaints.map((complaint) => `${name(element)} ${complaint}`);
  },

  contrast: (one, other) => contrast(one, other),
};

const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
const isOpaque = (colour) => (channels(colour)[3] ?? 1) > 0.99;

function luminance(colour) {
  const [red, green, blue] = channels(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}
