// Blocking people.

export const en = {
  "blocks.title": "Blocked people",
  "blocks.text": "People you block can't send you direct messages, and their messages in rooms are collapsed. They are not notified.",
  "blocks.none": "You haven't blocked anyone.",
  "blocks.unblock_one": "Unblock {name}",
  "blocks.block": "Block",
  "blocks.unblock": "Unblock",
  "blocks.block_title": "Block {name}?",
  "blocks.block_text": "They can't send you direct messages, and their messages in rooms are collapsed. They are not notified.",
};
