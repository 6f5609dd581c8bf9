// Writes what the pages load into OUTDIR: govuk.css (the patterns' compiled CSS without web fonts and crest), our style,
// picture and scripts; and beside it the manual as pages (manual/, and manual-elder/ in large type).
// Usage: node tools/build-assets.mjs OUTDIR
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = process.argv[2];
if (!out || process.argv.length !== 3) {
  console.error('usage: node tools/build-assets.mjs OUTDIR');
  process.exit(2);
}

// Rules of the CSS at one level: text up to its matching brace. The file is minified and has no braces in strings.
function blocks(css) {
  const list = [];
  for (let at = 0; at < css.length;) {
    const open = css.indexOf('{', at);
    if (open < 0) { list.push(css.slice(at)); break; }
    let depth = 1, end = open + 1;
    while (depth > 0 && end < css.length) {
      if (css[end] === '{') depth++;
      else if (css[end] === '}') depth--;
      end++;
    }
    list.push(css.slice(at, end));
    at = end;
  }
  return list;
}

const unwanted = (rule) => /^\s*@font-face/.test(rule) || /govuk-crest|url\(/.test(rule);
const strip = (css) => blocks(css).map((rule) => {
  const media = rule.match(/^\s*(@(?:media|supports)[^{]*)\{([\s\S]*)\}$/);
  if (media) return `${media[1]}{${strip(media[2])}}`;
  return unwanted(rule) ? '' : rule;
}).join('').replace(/font-family:[^;}]*(GDS Transport|arial)[^;}]*/g, 'font-family:inherit');

mkdirSync(out, { recursive: true });
const source = join(root, 'node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css');
const css = strip(readFileSync(source, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''));
if (/GDS Transport|@font-face|url\(/.test(css)) {
  console.error('build-assets: fonts or pictures are left in govuk.css; look at the new version of govuk-frontend');
  process.exit(1);
}
writeFileSync(join(out, 'govuk.css'), css);
for (const name of readdirSync(join(root, 'share/assets')))
  if (/\.(css|js|svg)$/.test(name)) copyFileSync(join(root, 'share/assets', name), join(out, name));

// --- the manual: docs/manual/zh as pages with the site's own look ---

const manual = join(root, 'docs/manual/zh');
const classes = {
  h1: 'govuk-heading-l', h2: 'govuk-heading-m', h3: 'govuk-heading-s', p: 'govuk-body', ul: 'govuk-list govuk-list--bullet',
  ol: 'govuk-list govuk-list--number', table: 'govuk-table', thead: 'govuk-table__head', tr: 'govuk-table__row',
  th: 'govuk-table__header', td: 'govuk-table__cell', a: 'govuk-link',
};

function fail(why) {
  console.error(`build-assets: ${why}`);
  process.exit(1);
}

// A page of the manual is called as its file is; README.md is the first page.
function address(file, href) {
  if (/^https?:/.test(href)) return href;
  if (!existsSync(join(manual, href))) fail(`docs/manual/zh/${file}: no ${href}`);
  return href === 'README.md' ? './' : href.replace(/\.md$/, '.html');
}

function body(file) {
  const marked = new Marked({ walkTokens(t) {
    if (t.type === 'html') fail(`docs/manual/zh/${file}: HTML in the text: ${t.raw}`);
    if (t.type === 'link' || t.type === 'image') t.href = address(file, t.href);
  } });
  const html = marked.parse(readFileSync(join(manual, file), 'utf8'));
  return html.replace(/<(h[123]|p|ul|ol|table|thead|tr|th|td|a)(?=[ >])/g, (tag, name) => `${tag} class="${classes[name]}"`)
    .replaceAll('<table ', '<div class="yx-scroll" tabindex="0" role="region" aria-label="表格"><table ').replaceAll('</table>', '</table></div>');
}

const titleOf = (file) => readFileSync(join(manual, file), 'utf8').match(/^# (.*)$/m)[1];
const pages = ['README.md', ...readdirSync(manual).filter((n) => n.endsWith('.md') && n !== 'README.md').sort()];

function page(file, elder) {
  const links = pages.map((p) => `<li><a class="govuk-link" href="${address(file, p)}"${p === file ? ' aria-current="page"' : ''}>${titleOf(p)}</a></li>`);
  return `<!DOCTYPE html>
<html lang="zh-CN" class="govuk-template${elder ? ' yx-elder' : ''}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${titleOf(file)} - 用户手册</title>
<link rel="icon" href="/assets/seal.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/govuk.css">
<link rel="stylesheet" href="/assets/yinxin.css">
<link rel="stylesheet" href="/assets/manual.css">
</head>
<body class="govuk-template__body">
<a href="#main" class="govuk-skip-link">跳到主要内容</a>
<header class="yx-header"><div class="yx-wide"><a class="yx-brand" href="/"><img src="/assets/seal.svg" alt="" width="48" height="48"><span><span class="yx-brand-name">用户手册</span><span class="yx-brand-product">返回网站首页</span></span></a></div></header>
<nav class="yx-manual-nav" aria-label="手册目录"><div class="yx-wide"><ul class="govuk-list">${links.join('')}</ul></div></nav>
<section class="yx-test" aria-label="测试说明"><div class="yx-wide"><p>测试系统：本手册对应测试系统，签发的证书与文书不具有法律效力。</p></div></section>
<main class="yx-main yx-wide yx-manual" id="main" tabindex="-1">
${body(file)}</main>
</body>
</html>
`;
}

for (const [folder, elder] of [['manual', false], ['manual-elder', true]]) {
  const to = join(out, '..', folder);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(join(to, 'img'), { recursive: true });
  for (const p of pages) writeFileSync(join(to, p === 'README.md' ? 'index.html' : p.replace(/\.md$/, '.html')), page(p, elder));
  for (const n of readdirSync(join(manual, 'img'))) copyFileSync(join(manual, 'img', n), join(to, 'img', n));
}
