// Voice messages: a button in the composer that records; what was recorded is attached as a file.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useRecorder } from "./recorder.js";
import * as texts from "./texts.js";

const MICROPHONE = ["M12 15a3.2 3.2 0 0 0 3.2-3.2V6.7a3.2 3.2 0 0 0-6.4 0v5.1A3.2 3.2 0 0 0 12 15z", "M5.8 11.5a6.2 6.2 0 0 0 12.4 0M12 17.8V21"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const voice = { name: "voice", texts, ComposerButton: Record };

/** @param {{ attach: (files: File[]) => void, onProblem: (text: string) => void }} props */
function Record({ attach, onProblem }) {
  const recorder = useRecorder(attach, onProblem);
  if (!recorder.isOffered) return null;
  if (recorder.seconds === null)
    return html`<button type="button" class="icon-button" title=${t("voice.record")} onClick=${recorder.start}>
      ${icon(MICROPHONE)}
    </button>`;
  return html`<div class="recording">
    <button type="button" class="icon-button" title=${t("voice.cancel")} onClick=${recorder.cancel}>${icon("close")}</button>
    <span class="recording-dot"></span>
    <span role="timer" aria-label=${t("voice.recording")}>${clock(recorder.seconds)}</span>
    <span class="recording-levels" aria-hidden="true">${recorder.levels.map((level) => html`<i style=${{ blockSize: `${Math.max(8, Math.round(level * 100))}%` }}></i>`)}</span>
    <button type="button" class="icon-button composer-send" title=${t("voice.stop")} onClick=${recorder.stop}>${icon("check")}</button>
  </div>`;
}

/** @param {number} seconds */
function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
