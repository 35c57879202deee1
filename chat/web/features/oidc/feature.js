// Logging in by an identity provider (OpenID Connect), and linking one's account with it.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

const LINK = ["M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1", "M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const oidc = {
  name: "oidc",
  texts,
  settings: [{ name: "identity", title: "oidc.title", icon: LINK, needs: "oidc", View: lazy(() => import("./identity.js"), "Identity") }],
};
