"""A WebSocket API with its connections, routes, authorizer and grants, as one component."""

from .args import ChannelRule as ChannelRule
from .args import RealtimeApiArgs as RealtimeApiArgs
from .component import RealtimeApi as RealtimeApi
from .existing import ExistingRealtimeApi as ExistingRealtimeApi
from .existing import ExistingRealtimeApiArgs as ExistingRealtimeApiArgs
from .tokens import TokenArgs as TokenArgs
