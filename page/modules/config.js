/** Where the page's APIs are: config.json beside the page, written by whoever serves it. */

/**
 * {publisherApi, operationsApi, region, place, keys?}; Error where the file is missing or wrong.
 *
 * `keys` are given by the embedded stack alone, whose emulator takes any.
 */
export async function readConfig() {
  const answer = await fetch("config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error(`config.json is not there (${answer.status}): serve it beside the page.`);
  const config = await answer.json();
  for (const name of ["publisherApi", "operationsApi", "region", "place"]) {
    if (typeof config[name] !== "string") throw new Error(`config.json names no ${name}.`);
  }
  return config;
}
