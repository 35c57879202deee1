"""Pictures of people, of rooms and of the server: small files at addresses that never mean another picture."""

from chat.features.feature import ChangeEvent, Feature
from chat.features.pictures.changes import PICTURE, PictureSet, SetPicture
from chat.features.pictures.native import OPERATIONS, PictureChangedEvent, picture_event
from chat.features.pictures.queries import PostgresPictures, save_pictures
from chat.features.pictures.use_cases import PICTURES

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="pictures",
    is_on=lambda services: services.uploads.most_bytes > 0,
    kinds=(PICTURE,),
    savers={SetPicture: save_pictures},
    ports={PICTURES: PostgresPictures},
    operations=OPERATIONS,
    events=(ChangeEvent(PictureSet, PictureChangedEvent, picture_event),),
)
