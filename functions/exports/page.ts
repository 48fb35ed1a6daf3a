/** The files of a bundle as a page of plain links, for a browser and for `wget -r`. */
import { html } from 'hono/html'
import type { BundleListing } from './bundle-listing.ts'

type Html = ReturnType<typeof html>

/** Links are relative to the folder of the bundle. */
export const pageOf = ({ asof, digest, generatedAt, files, bytes, listed }: BundleListing): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Bundle of ${asof}</title>
</head>
<body>
<h1>Bundle of ${asof}</h1>
<p>${files} files, ${bytes} bytes, made ${generatedAt}. sha256 of SHA256SUMS: <code>${digest}</code></p>
<ul>
${[...listed.values()].map((file) => html`<li><a href="${file.path}">${file.path}</a> ${file.bytes}</li>\n`)}</ul>
</body>
</html>
`
