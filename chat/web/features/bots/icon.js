// The icon of a bot: a head with an aerial.

export const BOT = ["M5 9.5h14V19H5z", "M12 9.5V5.5", "M9.5 13v2", "M14.5 13v2"];
