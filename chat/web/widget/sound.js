// The sound of an answer while the site's tab is hidden. A visitor can switch it off, for this browser and site.

const NAME = "chat.widget-sound"; // not of visitor_storage.js, which a session's end clears

/** Hertz of its tones, and the seconds of each. */
const TONES = [660, 880];
const LENGTH = 0.14;
const LOUDNESS = 0.12;

export function openSound() {
  let isOn = read() !== "off";
  /** @type {AudioContext | undefined} */
  let context;

  return {
    isOn: () => isOn,

    /** @param {boolean} on */
    turn(on) {
      isOn = on;
      try {
        localStorage.setItem(NAME, on ? "on" : "off");
      } catch {} // it counts until the page is closed
    },

    /** Browsers play it once the visitor has clicked or typed here; before, they stay silent. */
    play() {
      if (!isOn) return;
      context ??= new AudioContext();
      context.resume().catch(() => {});
      const start = context.currentTime;
      for (const [nth, tone] of TONES.entries()) playTone(context, tone, start + nth * LENGTH);
    },
  };
}

/** @param {AudioContext} context @param {number} tone @param {number} at */
function playTone(context, tone, at) {
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  oscillator.frequency.value = tone;
  gain.gain.setValueAtTime(LOUDNESS, at);
  gain.gain.exponentialRampToValueAtTime(0.001, at + LENGTH); // without a click at its end
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + LENGTH);
}

function read() {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}
