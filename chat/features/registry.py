"""All features of this server."""

from chat.features.address_bans import FEATURE as ADDRESS_BANS
from chat.features.addresses import FEATURE as ADDRESSES
from chat.features.blocks import FEATURE as BLOCKS
from chat.features.bots import FEATURE as BOTS
from chat.features.calls import FEATURE as CALLS
from chat.features.canned_answers import FEATURE as CANNED_ANSWERS
from chat.features.clean_up import FEATURE as CLEAN_UP
from chat.features.custom_emoji import FEATURE as CUSTOM_EMOJI
from chat.features.dates import FEATURE as DATES
from chat.features.desk_report import FEATURE as DESK_REPORT
from chat.features.drafts import FEATURE as DRAFTS
from chat.features.earlier import FEATURE as EARLIER
from chat.features.exports import FEATURE as EXPORTS
from chat.features.feature import Feature
from chat.features.files import FEATURE as FILES
from chat.features.folders import FEATURE as FOLDERS
from chat.features.forwarding import FEATURE as FORWARDING
from chat.features.groups import FEATURE as GROUPS
from chat.features.hooks import FEATURE as HOOKS
from chat.features.hooks.outgoing import FEATURE as OUTGOING_HOOKS
from chat.features.invites import FEATURE as INVITES
from chat.features.labels import FEATURE as LABELS
from chat.features.leaving import FEATURE as LEAVING
from chat.features.mail import FEATURE as MAIL
from chat.features.newcomers import FEATURE as NEWCOMERS
from chat.features.notes import FEATURE as NOTES
from chat.features.oidc import FEATURE as OIDC
from chat.features.pictures import FEATURE as PICTURES
from chat.features.pins import FEATURE as PINS
from chat.features.positions import FEATURE as POSITIONS
from chat.features.previews import FEATURE as PREVIEWS
from chat.features.push import FEATURE as PUSH
from chat.features.push.missed import FEATURE as MISSED_MAIL
from chat.features.push.quiet import FEATURE as QUIET_HOURS
from chat.features.ratings import FEATURE as RATINGS
from chat.features.recovery import FEATURE as RECOVERY
from chat.features.reports import FEATURE as REPORTS
from chat.features.retention import retention
from chat.features.review import FEATURE as REVIEW
from chat.features.saved import FEATURE as SAVED
from chat.features.scheduled import FEATURE as SCHEDULED
from chat.features.search import FEATURE as SEARCH
from chat.features.second_factor import FEATURE as SECOND_FACTOR
from chat.features.slow_mode import FEATURE as SLOW_MODE
from chat.features.starting_rooms import FEATURE as STARTING_ROOMS
from chat.features.statuses import FEATURE as STATUSES
from chat.features.support import FEATURE as SUPPORT
from chat.features.support_mail import FEATURE as SUPPORT_MAIL
from chat.features.teams import FEATURE as TEAMS
from chat.features.threads import FEATURE as THREADS
from chat.features.transcripts import FEATURE as TRANSCRIPTS
from chat.features.transfers import FEATURE as TRANSFERS
from chat.features.verified_visitors import FEATURE as VERIFIED_VISITORS
from chat.features.visitor_list import FEATURE as VISITOR_LIST

_BEFORE: tuple[Feature, ...] = (
    ADDRESSES,
    ADDRESS_BANS,
    BLOCKS,
    BOTS,
    CALLS,
    CANNED_ANSWERS,
    CLEAN_UP,
    CUSTOM_EMOJI,
    DATES,
    DESK_REPORT,
    DRAFTS,
    EARLIER,
    EXPORTS,
    FILES,
    FOLDERS,
    FORWARDING,
    GROUPS,
    HOOKS,
    INVITES,
    LABELS,
    LEAVING,
    MAIL,
    MISSED_MAIL,
    NEWCOMERS,
    NOTES,
    OIDC,
    OUTGOING_HOOKS,
    PICTURES,
    PINS,
    POSITIONS,
    PREVIEWS,
    PUSH,
    QUIET_HOURS,
    RATINGS,
    RECOVERY,
    REPORTS,
    REVIEW,
    SAVED,
    SCHEDULED,
    SEARCH,
    SECOND_FACTOR,
    SLOW_MODE,
    STARTING_ROOMS,
    STATUSES,
    SUPPORT,
    SUPPORT_MAIL,
    TEAMS,
    THREADS,
    TRANSCRIPTS,
    TRANSFERS,
    VERIFIED_VISITORS,
    VISITOR_LIST,
)

FEATURES = (*_BEFORE, retention([each.removal for each in _BEFORE if each.removal is not None]))
