"""A WebSocket API with its connections, routes, authorizer and grants, as one component."""

from .args import ChannelRule as ChannelRule
from .args import RealtimeApiArgs as RealtimeApiArgs
from .component import RealtimeApi as RealtimeApi
