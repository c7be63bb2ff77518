/**
 * Builds everything the browser loads into aops/static/dist.
 *
 * The pages refer to these files by name and add a hash of their content
 * (`asset()` in Python), so names stay stable and caches never lie.
 */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const ROOT = new URL("../", import.meta.url).pathname;
const STATIC = `${ROOT}aops/static`;
const DIST = `${STATIC}/dist`;

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
await Promise.all([bundleScripts(), bundleStyles(), writeIcons(), copyImages()]);

/** theme.js must block rendering, so it is a classic script; the rest are modules. */
async function bundleScripts() {
  const common = { bundle: true, minify: true, outdir: DIST, target: "es2022" };
  await build({ ...common, entryPoints: [`${STATIC}/js/theme.js`], format: "iife" });
  await build({
    ...common,
    entryPoints: [`${STATIC}/js/console.js`, `${STATIC}/js/job-log.js`],
    format: "esm",
    splitting: true,
    chunkNames: "chunk-[hash]",
  });
}

/** "esnext" keeps light-dark() as written instead of unrolling it. */
async function bundleStyles() {
  await build({
    entryPoints: [`${STATIC}/css/console.css`],
    bundle: true,
    minify: true,
    outdir: DIST,
    target: "esnext",
  });
}

/** One sprite with only the icons that icons.json names, under our own names. */
async function writeIcons() {
  const names = JSON.parse(await readFile(`${ROOT}scripts/icons.json`, "utf8"));
  const symbols = await Promise.all(
    Object.entries(names).map(async ([name, source]) => symbol(name, await readIcon(source))),
  );
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
  await writeFile(`${DIST}/icons.svg`, sprite);
}

function readIcon(source) {
  return readFile(`${ROOT}node_modules/bootstrap-icons/icons/${source}.svg`, "utf8");
}

function symbol(name, svg) {
  const shapes = svg.replace(/^[^>]*>|<\/svg>\s*$/g, "").replace(/\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 16 16">${shapes}</symbol>`;
}

function copyImages() {
  return cp(`${STATIC}/img`, DIST, { recursive: true });
}
