// Voice messages.

export const en = {
  "voice.record": "Record a voice message",
  "voice.recording": "Recording",
  "voice.stop": "Attach recording",
  "voice.cancel": "Cancel recording",
  "voice.denied": "The microphone can’t be used. Allow it for this page in your browser.",
  "voice.file": "Voice message",
};
