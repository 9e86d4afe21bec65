// What the deployment wrote beside the page: where the API, the socket and the sign-in are.

const NEEDED = ["apiUrl", "endpoint", "userPoolClientId", "region", "cognitoEndpoint", "publicUrl"];

export async function loadConfig() {
  const answer = await fetch("/config.json").catch((error) => {
    throw new Error("The page cannot be loaded. Check your connection.", { cause: error });
  });
  if (!answer.ok) throw new Error(`config.json should be beside the page, got ${answer.status}`);
  const config = await answer.json();
  const missing = NEEDED.filter((key) => typeof config[key] !== "string");
  if (missing.length > 0) throw new Error(`config.json has no ${missing.join(", ")}`);
  return config;
}
