// Files: attached, dropped, shown and downloaded.

export default {
  "files.attach": "Attach files",
  "files.attached": "Attached files",
  "files.drop": "Drop files to attach them",
  "files.uploading": "Uploading {name}",
  "files.wait": "Your message is sent when the files are uploaded.",
  "files.failed": "Try the file that failed again, or take it away.",
  "files.retry": "Try {name} again",
  "files.remove": "Take {name} away",
  "files.too_big": "Larger than {most}",
  "files.unreadable": "It can't be read: it is a folder, or it is gone.",
  "files.too_many": "A message has {n} files at most. The others are not attached.",
  "files.open": "Open {name}",
  "files.show": "Show the picture ({size})",
  "files.save": "Save",
  "files.download": "Download",
};
