// Records from the microphone, for as long as its view is shown.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";

/** The longest recording, in seconds. */
const LONGEST = 300;

/** Milliseconds between two levels, and how many are shown. */
const STEP = 100;
const LEVELS = 40;

/** What browsers record, the best first. */
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** @typedef {{ recorder: MediaRecorder, end: () => void }} Running */

/**
 * @param {(files: File[]) => void} attach
 * @param {(text: string) => void} onProblem
 */
export function useRecorder(attach, onProblem) {
  const running = useRef(/** @type {Running | null} */ (null));
  const wanted = useRef(0); // another number: a microphone that is given now is not wanted any more
  const [seconds, setSeconds] = useState(/** @type {number | null} */ (null));
  const [levels, setLevels] = useState(/** @type {number[]} */ ([]));
  const end = () => {
    wanted.current += 1;
    running.current?.end();
    running.current = null;
    setSeconds(null);
    setLevels([]);
  };
  useEffect(
    () => () => {
      wanted.current += 1;
      running.current?.end();
      running.current = null;
    },
    [],
  );

  async function start() {
    if (running.current || seconds !== null) return;
    setSeconds(0);
    const mine = ++wanted.current;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (mine === wanted.current) running.current = record(stream);
      else for (const track of stream.getTracks()) track.stop(); // it was cancelled while the browser asked
    } catch {
      if (mine !== wanted.current) return;
      setSeconds(null);
      onProblem(t("voice.denied"));
    }
  }

  /** @param {MediaStream} stream @returns {Running} */
  function record(stream) {
    const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
    /** @type {Blob[]} */
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = () => {
      attach([fileOf(pieces, recorder.mimeType)]);
      end();
    };
    const level = levelOf(stream);
    const began = Date.now();
    const timer = setInterval(() => {
      const passed = Math.floor((Date.now() - began) / 1000);
      setSeconds(passed);
      setLevels((before) => [...before, level.now()].slice(-LEVELS));
      if (passed >= LONGEST) recorder.stop();
    }, STEP);
    recorder.start();
    return {
      recorder,
      end() {
        clearInterval(timer);
        recorder.onstop = null;
        if (recorder.state !== "inactive") recorder.stop();
        level.close();
        for (const track of stream.getTracks()) track.stop();
      },
    };
  }

  return {
    isOffered: typeof MediaRecorder === "function" && Boolean(navigator.mediaDevices),
    seconds,
    levels,
    start,
    stop: () => running.current?.recorder.stop(),
    cancel: end,
  };
}

/** @param {Blob[]} pieces @param {string} type */
function fileOf(pieces, type) {
  const [kind = "audio/webm"] = type.split(";");
  const now = new Date();
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const suffix = kind.split("/")[1] === "mp4" ? "m4a" : kind.split("/")[1];
  return new File(pieces, `${t("voice.file")} ${day} ${two(now.getHours())}.${two(now.getMinutes())}.${suffix}`, { type: kind });
}

/** How loud a stream is, from 0 to 1. @param {MediaStream} stream */
function levelOf(stream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    now() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.sqrt(power) * 4);
    },
    close: () => void context.close(),
  };
}
