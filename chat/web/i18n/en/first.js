// What the page says before anybody is logged in; the rest is fetched after it.

import common from "./common.js";
import door from "./door.js";

export default { ...common, ...door };
