// Writes what the pages load into OUTDIR: govuk.css (the patterns' compiled CSS without web fonts and crest), our style,
// picture and scripts. Usage: node tools/build-assets.mjs OUTDIR
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
