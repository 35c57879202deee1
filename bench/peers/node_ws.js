// Node with npm's `ws`. It saves nothing.
'use strict';

require('./hub').serve();
