// Folders for rooms.

export const en = {
  "folders.title": "Folder",
  "folders.none": "No folder",
  "folders.new": "New folder…",
  "folders.newTitle": "New folder",
  "folders.name": "Name",
  "folders.make": "Create folder",
  "folders.acts": "Actions for {name}",
  "folders.rename": "Rename folder",
  "folders.remove": "Delete folder",
  "folders.removeTitle": "Delete the folder {name}?",
  "folders.removeText": "The rooms in it stay, in the other sections of the list.",
  "refusal.bad_folder_name": "The name of a folder has 1 to # visible characters.",
  "refusal.no_folder": "This folder is gone.",
  "refusal.too_many_folders": "You have # folders already. Delete one first.",
  "refusal.too_many_rooms_in_folders": "# rooms are in folders already.",
};
