// Files: attached, dropped, shown and downloaded.

export default {
  "files.attach": "Attach files",
  "files.attached": "Attached files",
  "files.drop": "Drop files to attach them",
  "files.uploading": "Uploading {name}",
  "files.wait": "Your message will be sent when the files are uploaded.",
  "files.failed": "A file couldn't be uploaded. Try again or remove it.",
  "files.retry": "Retry {name}",
  "files.remove": "Remove {name}",
  "files.too_big": "Larger than {most}",
  "files.unreadable": "Can't be read: it is a folder or no longer exists.",
  "files.too_many": "A message can have up to {n} files. The rest were not attached.",
  "files.open": "Open {name}",
  "files.show": "Show image ({size})",
  "files.save": "Save",
  "files.previous": "Previous image",
  "files.next": "Next image",
  "files.play": "Play",
  "files.unplayable": "Your browser can't play this file.",
  "files.download": "Download",
};
