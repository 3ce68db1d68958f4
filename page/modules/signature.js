/** AWS Signature Version 4 by WebCrypto, for calls that IAM decides on. */

import { hex, sha256, utf8 } from "./bytes.js";

const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * The headers with `x-amz-date`, `x-amz-security-token` for temporary keys, and `authorization`.
 *
 * `url` is a URL, `body` a text, `keys` {accessKeyId, secretAccessKey, sessionToken?}, `now` a Date.
 */
export async function signed({ method, url, headers, body, keys, region, service, now }) {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const sent = { ...headers, "x-amz-date": time };
  if (keys.sessionToken) sent["x-amz-security-token"] = keys.sessionToken;
  const named = canonicalHeaders({ ...sent, host: url.host });
  const names = named.map(([name]) => name).join(";");
  const request = [
    method,
    canonicalPath(url),
    canonicalQuery(url),
    ...named.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    await digest(body),
  ].join("\n");
  const toSign = [ALGORITHM, time, scope, await digest(request)].join("\n");
  const signature = hex(await hmac(await signingKey(keys.secretAccessKey, scope), toSign));
  const credential = `Credential=${keys.accessKeyId}/${scope}`;
  const authorization = `${ALGORITHM} ${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}

function canonicalHeaders(headers) {
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, " ")])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Every part of the path encoded once more, as all services but S3 want it. */
function canonicalPath(url) {
  return url.pathname.split("/").map(strict).join("/");
}

function canonicalQuery(url) {
  return [...url.searchParams]
    .map(([name, value]) => [strict(name), strict(value)])
    .sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
    .map((pair) => pair.join("="))
    .join("&");
}

function order(a, b) {
  return a < b ? -1 : Number(a > b);
}

/** Percent-encoded but for RFC 3986's unreserved characters. */
function strict(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function signingKey(secret, scope) {
  let key = utf8(`AWS4${secret}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  return key;
}

async function hmac(key, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const usable = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", usable, utf8(text)));
}

async function digest(text) {
  return hex(await sha256(utf8(text)));
}
