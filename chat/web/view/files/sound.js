// Plays sound with its waveform, on which a click leads to that place.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../controls/icon.js";

/** The bars of a waveform. */
const BARS = 48;

/** @param {{ name: string, bytes: Blob, onProblem: () => void, tab: number }} props `bytes` with their type */
export function Sound({ name, bytes, onProblem, tab }) {
  const audio = useRef(/** @type {HTMLAudioElement | null} */ (null));
  const [address, setAddress] = useState("");
  const [wave, setWave] = useState(/** @type {Wave | null} */ (null));
  const [at, setAt] = useState(0);
  const [isPlaying, setPlaying] = useState(true);
  useEffect(() => {
    const made = URL.createObjectURL(bytes);
    setAddress(made);
    waveOf(bytes).then(setWave, onProblem);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  const toggle = () => (audio.current?.paused ? audio.current.play() : audio.current?.pause());
  const go = (/** @type {any} */ event) => {
    if (audio.current && wave) audio.current.currentTime = (event.target.value / BARS) * wave.seconds;
  };
  const done = wave ? (at / wave.seconds) * BARS : 0;
  const label = t(isPlaying ? "files.pause" : "files.play");
  return html`<div class="sound">
    ${address &&
    html`<audio ref=${audio} src=${address} autoplay aria-label=${name} onError=${onProblem} onPlay=${() => setPlaying(true)} onPause=${() => setPlaying(false)}
      onTimeUpdate=${(/** @type {any} */ event) => setAt(event.target.currentTime)}></audio>`}
    <button type="button" class="icon-button" tabindex=${tab} aria-label=${`${label} ${name}`} title=${label} onClick=${toggle}>${icon(isPlaying ? "pause" : "play")}</button>
    <span class="sound-wave">
      <svg viewBox=${`0 0 ${BARS * 4} 32`} preserveAspectRatio="none" aria-hidden="true">
        ${wave?.peaks.map((peak, bar) => html`<rect class=${bar < done ? "is-done" : ""} x=${bar * 4} y=${16 - peak * 15} width="2.5" height=${Math.max(1, peak * 30)} rx="1" />`)}
      </svg>
      <input type="range" min="0" max=${BARS} step="0.1" value=${done} tabindex=${tab} aria-label=${t("files.position", { name })} aria-valuetext=${clock(at)} onInput=${go} />
    </span>
    <span class="soft small">${clock(isPlaying || at > 0 ? at : (wave?.seconds ?? 0))}</span>
  </div>`;
}

/** @typedef {{ seconds: number, peaks: number[] }} Wave `peaks` from 0 to 1 */

/** @param {Blob} bytes @returns {Promise<Wave>} */
async function waveOf(bytes) {
  // At a low rate: an hour of sound is 115 MB.
  const context = new OfflineAudioContext(1, 1, 8000);
  const sound = await context.decodeAudioData(await bytes.arrayBuffer());
  const samples = sound.getChannelData(0);
  const length = Math.max(1, Math.floor(samples.length / BARS));
  const peaks = Array.from({ length: BARS }, (_, bar) => {
    let peak = 0;
    for (let n = bar * length; n < (bar + 1) * length; n++) peak = Math.max(peak, Math.abs(samples[n] ?? 0));
    return peak;
  });
  const loudest = Math.max(...peaks, 0.01);
  return { seconds: sound.duration, peaks: peaks.map((peak) => peak / loudest) };
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
