// What is measured of a page as people get it. Both functions run within the page; what they return is a list of faults in words.

// Words: names that people know may be Latin; codes (L-201), numbers, file names and what people typed themselves may be too.
export const KNOWN = ["PDF", "Excel", "UKey", "SM2", "SM3", "SM4", "SHA", "JPG", "PNG", "CSV", "OCSP", "RFC", "Linux", "Debian", "Ctrl", "MiB", "KiB", "xlsx",
  "yinxin-client.deb", "b03-template.xlsx", "b03-template", "b04-template.xlsx", "b04-template", "b15-template.xlsx", "b15-template", "root.cer", "ca.cer", "ca.crl", "root.crl", "yxr", "csv", "openssl", "dgst", "tail", "WPS", "OFD", "Edge"];

export function words(known) {
  const faults = [];
  const seen = (e) => { const s = getComputedStyle(e); return s.visibility !== "hidden" && s.display !== "none" && !e.closest("[hidden], dialog:not([open]), script, style, noscript, template"); };
  const text = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (n.data.trim() && seen(e) && !e.closest("[lang=en]")) text.push([n.data, e]);
  }
  for (const e of document.querySelectorAll("[placeholder], [aria-label], img[alt], [title]"))
    for (const a of ["placeholder", "aria-label", "alt", "title"]) if (e.hasAttribute(a) && seen(e)) text.push([e.getAttribute(a), e]);
  text.push([document.title, document.body]);
  for (const [whole, e] of text) {
    const tell = (what) => faults.push(`${what}: ${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ""} “${whole.trim().slice(0, 80)}”`);
    const code = e.closest("code, pre, .yx-mono, .yx-copy");
    let rest = whole;
    for (const k of known.toSorted((a, b) => b.length - a.length)) rest = rest.replaceAll(k, "");
    const tail = /^\s*[0-9A-F]{4}\s*$/.test(whole) && e.tagName === "TD"; // the last digits of a certificate's number
    if (!code && !tail && /[A-Za-z]{3,}/.test(rest.replaceAll(/尾号 [0-9A-F]{4}|[0-9A-F]{16,}|YX[0-9]+|\b[0-9]+[A-Z0-9]{8,}\b/g, ""))) tell("foreign or raw word");
    if (/[0-9a-f]{64}/.test(whole)) tell("digest in one piece");
    if (/[一-鿿][,;:!?()]|[,;:!?()][一-鿿]/.test(whole) && !code) tell("half-width punctuation");
    if (/^\s*[0-9A-Z]{1,3} [一-鿿]/.test(whole) && !/^\s*\d+ (人|行|天|件|页|个|条|次|处|项|位|月|年|日|至)/.test(whole)) tell("raw code");
    if (/退出码|命令行/.test(whole) && !code && !e.closest(".yx-expert")) tell("word for engineers");
  }
  return faults;
}

// Layout: least is the side of a target in px.
export function layout(least) {
  const faults = [];
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ""}${e.classList.length ? `.${[...e.classList].join(".")}` : ""} “${(e.textContent || e.value || e.getAttribute("aria-label") || "").trim().slice(0, 24)}”`;
  const shown = (e) => {
    const r = e.getBoundingClientRect();
    const s = getComputedStyle(e);
    return r.width > 1 && r.height > 1 && s.visibility !== "hidden" && s.clipPath === "none" && !e.closest(".yx-sr, .govuk-skip-link, dialog:not([open])");
  };
  const lines = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round((r.top + r.bottom) / 8))).size;
  };
  // A few characters a line, text node by text node.
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const s = n.data.trim();
    if (s.length < 2 || !shown(n.parentElement)) continue;
    const k = lines(n);
    if (k >= 2 && s.length / k < 2) faults.push(`${s.length} characters on ${k} lines: ${name(n.parentElement)}`);
  }
  // Labels stay in one piece: column heads, tags, buttons, names of facts, links of the navigation.
  for (const e of document.querySelectorAll("th[scope=col], .govuk-tag, button, .govuk-button, .yx-tool, .yx-nav a, .govuk-summary-list__key, .yx-steps li, .yx-date, legend")) {
    const s = e.firstChild?.nodeType === Node.TEXT_NODE ? e.firstChild.data.trim() : "";
    if (s.length > 0 && s.length <= 6 && shown(e) && lines(e.firstChild) > 1) faults.push(`label broken: ${name(e)}`);
  }
  // Words stay within their button.
  for (const e of document.querySelectorAll("button, .govuk-button, .yx-tool")) {
    if (!shown(e)) continue;
    const range = document.createRange(), box = e.getBoundingClientRect();
    range.selectNodeContents(e);
    const text = range.getBoundingClientRect();
    if (text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1 || text.bottom > box.bottom + 1) faults.push(`cut off: ${name(e)}`);
  }
  // A date or number breaks nowhere.
  for (const e of document.querySelectorAll("td, td *")) {
    const s = e.firstChild?.nodeType === Node.TEXT_NODE ? e.firstChild.data.trim() : "";
    if (/^\d{4}-\d\d(-\d\d)?$/.test(s) && shown(e) && lines(e.firstChild) > 1) faults.push(`date broken: ${name(e)}`);
  }
  // The fingerprint: groups stay whole.
  for (const e of document.querySelectorAll(".yx-print")) {
    const node = e.firstChild;
    for (const group of node.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(node, group.index);
      range.setEnd(node, group.index + group[0].length);
      if (group[0].length !== 4 || range.getClientRects().length !== 1) faults.push(`group of a fingerprint broken: ${group[0]}`);
    }
  }
  const first = [...document.querySelectorAll("main *")].find((e) => shown(e) && [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()));
  const y = first ? first.getBoundingClientRect().top + scrollY : Infinity;
  if (y >= 300) faults.push(`content begins at ${Math.round(y)} px: ${first ? name(first) : "nothing"}`);
  // Targets; a link within a sentence is exempt (WCAG 2.5.8 and 2.5.5, inline).
  const inline = (e) => {
    if (e.tagName !== "A" || getComputedStyle(e).display !== "inline") return false;
    // On a line of its own it is not within a sentence, whatever else the block says.
    if (e.closest(".govuk-error-summary__list") || (e.previousSibling?.nodeName === "BR" && !e.nextSibling?.textContent.trim())) return false;
    const block = e.closest("p, li, dd, td, div, span:not(.govuk-visually-hidden)");
    return block !== null && block.textContent.replace(/\s/g, "").length >= e.textContent.replace(/\s/g, "").length + 4;
  };
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")) {
    if (!shown(e) || inline(e)) continue;
    let { width, height } = e.getBoundingClientRect();
    for (const l of e.labels ?? []) if (["radio", "checkbox"].includes(e.type)) height = Math.max(height, l.getBoundingClientRect().height);
    if (e.type === "radio" || e.type === "checkbox") width = Math.max(width, ...[...(e.labels ?? [])].map((l) => l.getBoundingClientRect().width));
    if (height < least - 0.5 || width < least - 0.5) faults.push(`target ${Math.round(width)} x ${Math.round(height)}: ${name(e)}`);
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`${wide} px too wide`);
  return faults;
}
