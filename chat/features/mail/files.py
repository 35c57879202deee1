"""The files that a mail has as attachments."""

from chat.domain.refusals import Refusal
from chat.engine.services import EngineServices
from chat.mail.letter import Mail, MailFile

MOST_BYTES = 10 * 1024 * 1024
"""Of all files of a mail: many mail servers take no more. Those beyond are left out, by their names in the text."""


async def read_files(services: EngineServices, mail: Mail) -> list[MailFile]:
    """Return the files of a mail that its person may read. May raise StorageDown. Cancelling changes nothing."""
    found: list[MailFile] = []
    left = MOST_BYTES
    person = await services.administration.person(mail.files_of or 0)
    if isinstance(person, Refusal):
        return []
    for file_id in mail.file_ids:
        kept = await services.uploads.find(person, file_id)
        if isinstance(kept, Refusal):
            continue
        name, size = kept.file.name, kept.file.size
        if size > left:
            found.append(MailFile(f"{name}.txt", "text/plain", f"{name}: {size} bytes".encode()))
            continue
        async with services.uploads.reading(kept) as pieces:
            data = b"".join([piece async for piece in pieces])
        left -= len(data)
        found.append(MailFile(name, kept.file.type, data))
    return found
