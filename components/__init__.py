"""The components and their arguments: what a program imports, and all of it."""

from .api_gateway_account import ApiGatewayAccount as ApiGatewayAccount
from .click_pipeline import ClickPipeline as ClickPipeline
from .click_pipeline import ClickPipelineArgs as ClickPipelineArgs
from .layer import RuntimeLayer as RuntimeLayer
from .layer import RuntimeLayerArgs as RuntimeLayerArgs
from .link_table import LinkTable as LinkTable
from .link_table import LinkTableArgs as LinkTableArgs
from .realtime_api import ChannelRule as ChannelRule
from .realtime_api import RealtimeApi as RealtimeApi
from .realtime_api import RealtimeApiArgs as RealtimeApiArgs
from .shortener import Shortener as Shortener
from .shortener import ShortenerArgs as ShortenerArgs
from .users import Users as Users
from .users import UsersArgs as UsersArgs
