// Strings that the page needs before somebody is logged in; the others are fetched afterwards.

import common from "./common.js";
import sign_in from "./sign_in.js";

export default { ...common, ...sign_in };
