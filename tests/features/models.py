"""What all features keep in the reference model's memory: the counterpart of `chat/features/registry.py`."""

from tests.features.address_bans.model import AddressBansModel
from tests.features.addresses.model import AddressesModel
from tests.features.bots.model import BotsModel
from tests.features.canned_answers.model import CannedAnswersModel
from tests.features.clean_up.model import RecentMessagesModel
from tests.features.custom_emoji.model import CustomEmojiModel
from tests.features.dates.model import DatesModel
from tests.features.desk_report.model import DeskReportModel
from tests.features.drafts.model import DraftsModel
from tests.features.earlier.model import EarlierModel
from tests.features.exports.model import ExportsModel
from tests.features.folders.model import FoldersModel
from tests.features.groups.model import GroupsModel
from tests.features.hooks.model import HooksModel
from tests.features.hooks.outgoing.model import OutgoingModel
from tests.features.invites.model import InvitedModel
from tests.features.labels.model import LabelsModel
from tests.features.mail.model import MailModel
from tests.features.newcomers.model import NewcomersModel
from tests.features.notes.model import NotesModel
from tests.features.oidc.model import OidcModel
from tests.features.pictures.model import PicturesModel
from tests.features.pins.model import PinsModel
from tests.features.positions.model import PositionsModel
from tests.features.previews.model import PreviewsModel
from tests.features.push.model import PushModel
from tests.features.ratings.model import RatingsModel
from tests.features.recovery.model import RecoveryModel
from tests.features.reports.model import ReportsModel
from tests.features.retention.model import RetentionModel
from tests.features.review.model import HeldMessagesModel
from tests.features.saved.model import SavedMessagesModel
from tests.features.scheduled.model import ScheduledMessagesModel
from tests.features.search.model import MemorySearchIndex
from tests.features.second_factor.model import SecondFactorModel
from tests.features.slow_mode.model import SlowModeModel
from tests.features.starting_rooms.model import StartingRoomsModel
from tests.features.statuses.model import PersonStatusesModel
from tests.features.support_mail.model import MailOriginsModel
from tests.features.teams.model import TeamsModel
from tests.features.threads.model import ThreadsModel
from tests.features.transcripts.model import TranscriptsModel
from tests.features.transfers.model import TransfersModel
from tests.features.verified_visitors.model import VerifiedVisitorsModel
from tests.features.visitor_list.model import VisitorListModel

MODELS = (
    AddressBansModel,
    AddressesModel,
    BotsModel,
    CannedAnswersModel,
    RecentMessagesModel,
    CustomEmojiModel,
    DatesModel,
    DeskReportModel,
    DraftsModel,
    EarlierModel,
    ExportsModel,
    FoldersModel,
    GroupsModel,
    HooksModel,
    InvitedModel,
    LabelsModel,
    MailModel,
    MailOriginsModel,
    NewcomersModel,
    NotesModel,
    OidcModel,
    OutgoingModel,
    PicturesModel,
    PinsModel,
    PositionsModel,
    PreviewsModel,
    PushModel,
    RatingsModel,
    RecoveryModel,
    ReportsModel,
    HeldMessagesModel,
    SavedMessagesModel,
    ScheduledMessagesModel,
    MemorySearchIndex,
    SecondFactorModel,
    SlowModeModel,
    StartingRoomsModel,
    PersonStatusesModel,
    TeamsModel,
    ThreadsModel,
    TranscriptsModel,
    TransfersModel,
    VerifiedVisitorsModel,
    VisitorListModel,
    RetentionModel,
)
