"""All frames of the native socket except those of the table of operations."""

import msgspec

from chat.features.registry import FEATURES
from chat.protocols.native.wire import frames, live_frames

REQUESTS: tuple[type[msgspec.Struct], ...] = (
    frames.Hello,
    frames.Sync,
    frames.Send,
    live_frames.Activity,
    live_frames.Watch,
    live_frames.SetStatus,
    frames.Ping,
)
REPLIES: tuple[type[msgspec.Struct], ...] = (
    frames.HelloOk,
    frames.SyncOk,
    frames.SendOk,
    live_frames.ActivityOk,
    live_frames.WatchOk,
    live_frames.StatusOk,
    frames.PingOk,
)
EVENTS: tuple[type[msgspec.Struct], ...] = (
    frames.MessageEvent,
    frames.EditedEvent,
    frames.DeletedEvent,
    frames.ReactedEvent,
    frames.SupportEvent,
    frames.MemberEvent,
    frames.ChangedEvent,
    *(each.event for feature in FEATURES for each in feature.events),
    frames.UnknownEvent,
    frames.MoreEvent,
    frames.RoomEvent,
    frames.GoneEvent,
    frames.ReadEvent,
    frames.PolicyEvent,
    live_frames.ActivityEvent,
    live_frames.MembersEvent,
    live_frames.PresenceEvent,
    live_frames.PersonEvent,
    live_frames.BlocksEvent,
    *(each for feature in FEATURES for each in feature.own_events),
    frames.ByeEvent,
)
