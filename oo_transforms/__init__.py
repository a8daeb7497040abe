"""How values come about: signal -> state, state + now -> features. Pure: no I/O, no clock."""

from oo_transforms.candidates import CANDIDATE, CLOCK
from oo_transforms.clock import from_micros, local_time, to_micros, with_clock
from oo_transforms.columns import Rows, StateRows
from oo_transforms.decayed import DecayedSum, decay, decay_many, rate
from oo_transforms.decisions import Decision, Echo, Judgement, echo_of
from oo_transforms.errors import DeclarationError, InputRefused, SignalRejected, TransformError
from oo_transforms.fields import Feature, FeatureGroup, RequestField, StateField
from oo_transforms.history import Change, LogEntry, Version, fold, replay, truth_at
from oo_transforms.history_many import replay_many
from oo_transforms.learned import LEARNED_VIEWS, learned_view, square, triangle
from oo_transforms.notes import Answers, Asked, Note, notes_of, teaches
from oo_transforms.outputs import finish
from oo_transforms.policies import POLICIES, REWARDS, Input, Policy
from oo_transforms.signals import (
    SIGNAL_TYPES,
    SOURCES,
    STORED_TYPES,
    SUBJECTS,
    AppSession,
    CalendarSynced,
    LearnedImported,
    MoodLogged,
    Signal,
    SourceSynced,
    TaskCompleted,
    TaskCreated,
    TaskSnoozed,
    TipFeedback,
    TipShown,
    decode,
    event_time_us,
    redecode,
)
from oo_transforms.state import Cell, State
from oo_transforms.state_view import Contribution, Last, Moment, StateView, Sum, slots
from oo_transforms.timeline import Arrival, Piece, Timeline, correct, naming_of
from oo_transforms.version_columns import VersionColumns
from oo_transforms.views import FEATURE_GROUPS, STATE_VIEWS

__all__ = [
    "CANDIDATE",
    "CLOCK",
    "FEATURE_GROUPS",
    "LEARNED_VIEWS",
    "POLICIES",
    "REWARDS",
    "SIGNAL_TYPES",
    "SOURCES",
    "STATE_VIEWS",
    "STORED_TYPES",
    "SUBJECTS",
    "Answers",
    "AppSession",
    "Arrival",
    "Asked",
    "CalendarSynced",
    "Cell",
    "Change",
    "Contribution",
    "DecayedSum",
    "Decision",
    "DeclarationError",
    "Echo",
    "Feature",
    "FeatureGroup",
    "Input",
    "InputRefused",
    "Judgement",
    "Last",
    "LearnedImported",
    "LogEntry",
    "Moment",
    "MoodLogged",
    "Note",
    "Piece",
    "Policy",
    "RequestField",
    "Rows",
    "Signal",
    "SignalRejected",
    "SourceSynced",
    "State",
    "StateField",
    "StateRows",
    "StateView",
    "Sum",
    "TaskCompleted",
    "TaskCreated",
    "TaskSnoozed",
    "Timeline",
    "TipFeedback",
    "TipShown",
    "TransformError",
    "Version",
    "VersionColumns",
    "correct",
    "decay",
    "decay_many",
    "decode",
    "echo_of",
    "event_time_us",
    "finish",
    "fold",
    "from_micros",
    "learned_view",
    "local_time",
    "naming_of",
    "notes_of",
    "rate",
    "redecode",
    "replay",
    "replay_many",
    "slots",
    "square",
    "teaches",
    "to_micros",
    "triangle",
    "truth_at",
    "with_clock",
]
