"""A WebSocket API with its connections, routes, authorizer and grants, as one component."""

from .args import ChannelRule as ChannelRule
from .args import RealtimeApiArgs as RealtimeApiArgs
from .component import RealtimeApi as RealtimeApi
from .reference import ExistingRealtimeApi as ExistingRealtimeApi
from .reference import ExistingRealtimeApiArgs as ExistingRealtimeApiArgs
from .tokens import TokenArgs as TokenArgs
