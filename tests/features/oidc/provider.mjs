// A certified OpenID Connect provider (panva's oidc-provider) with the settings that are its argument, as JSON:
// `port`, `modules` (where oidc-provider is installed), `chat` (the server's address) and `secret`.
// Everybody may log in under any name; `accounts` has their claims. It prints a line once it listens.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { port, modules, chat, secret, accounts } = JSON.parse(process.argv[2]);
const { Provider } = await import(pathToFileURL(createRequire(`${modules}/`).resolve("oidc-provider")).href);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "chat",
      client_secret: secret,
      redirect_uris: [`${chat}/oidc`],
      post_logout_redirect_uris: [`${chat}/`],
      backchannel_logout_uri: `${chat}/api/v1/auth/oidc/logout`,
      backchannel_logout_session_required: true,
    },
  ],
  scopes: ["openid", "profile", "email"],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email", "email_verified"] },
  features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true }, devInteractions: { enabled: true } },
  cookies: { keys: ["a key of the tests"] },
  fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own one refuses loopback
  pkce: { required: () => true },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, ...accounts[id] }) }),
});
provider.on("backchannel.error", (_context, error) => console.error("back-channel:", error.message));
provider.on("server_error", (_context, error) => console.error(error));
provider.listen(port, "127.0.0.1", () => console.log("listening"));
