// Icons of 24 by 24, drawn with a line: the paths of those that the door needs.

export const basic = {
  close: ["M6 6l12 12", "M18 6L6 18"],
  eye: ["M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z"],
  eye_off: ["M9.9 5.7c6.9-1.6 11.6 6.3 11.6 6.3a19 19 0 0 1-2.7 3.4", "M6.5 7.3A17 17 0 0 0 2.5 12S6 18.5 12 18.5a9.5 9.5 0 0 0 4.6-1.2", "M3 3l18 18"],
  info: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 11v5.5", "M12 7.5v.01"],
  warning: ["M12 4L2.5 20h19z", "M12 10v4.5", "M12 17.3v.01"],
};
