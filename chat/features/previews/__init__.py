"""Link previews: what a linked page says of itself, fetched once for its author and kept with the message."""

from chat.features.feature import ChangeEvent, Feature
from chat.features.previews.changes import PREVIEW, Previewed, SetPreview
from chat.features.previews.fetching import FETCHING, Fetching
from chat.features.previews.native import OPERATIONS, PreviewedEvent, previewed_event
from chat.features.previews.queries import PostgresPreviews, remove_previews, save_previews
from chat.features.previews.use_cases import PREVIEWS

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="previews",
    kinds=(PREVIEW,),
    savers={SetPreview: save_previews},
    ports={PREVIEWS: PostgresPreviews},
    services={FETCHING: lambda _ports: Fetching()},
    removal=remove_previews,
    operations=OPERATIONS,
    events=(ChangeEvent(Previewed, PreviewedEvent, previewed_event),),
)
