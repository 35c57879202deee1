// Whether one has a password to prove who one is; without one, a log-in of the last minutes does.

import { useChat, useSelected } from "./context.js";
import { useLoaded } from "./loading.js";

/** @returns {boolean} true until the server has answered */
export function useHasPassword() {
  const chat = useChat();
  const asks = useSelected((state) => state.server.features.includes("oidc"));
  const { value } = useLoaded(async () => (asks ? chat.call("GET", "/me/identity") : null), [asks]);
  return /** @type {import("../../protocol").LinkedIdentity | null | undefined} */ (value)?.password !== false;
}
