"""What a stack is made of. How one stack differs from another, its configuration alone says."""

import pulumi

import components.settings

settings = components.settings.load()
account = [components.ApiGatewayAccount("account")] if settings.manage_api_gateway_account else []
realtime = components.RealtimeApi(
    "realtime",
    components.RealtimeApiArgs(
        stage_name=pulumi.get_stack(),
        channels=[components.ChannelRule(pattern="link:*", access="public", delivery="latest")],
        connect_parameters={"code": "link:{}"},
        allowed_origins=settings.allowed_origins,
        require_origin=settings.require_origin,
        throttling_rate_limit=settings.web_socket_rate_limit,
        maximum_subscriptions=settings.maximum_subscriptions,
        posts_per_second=settings.posts_per_second,
        log_retention_days=settings.log_retention_days,
        protect_data=settings.protects_data,
    ),
    pulumi.ResourceOptions(depends_on=account),
)
links = components.LinkTable("links", components.LinkTableArgs(protect_data=settings.protects_data))
clicks = components.ClickPipeline(
    "clicks",
    components.ClickPipelineArgs(
        links_table_name=links.name,
        links_table_arn=links.arn,
        publish_policy=realtime.publish_policy,
        publish_environment=realtime.publish_environment,
        maximum_concurrency=settings.aggregator_maximum_concurrency,
        layer_arn=realtime.layer_arn,
        log_retention_days=settings.log_retention_days,
    ),
)
shortener = components.Shortener(
    "shortener",
    components.ShortenerArgs(
        links_table_name=links.name,
        links_table_arn=links.arn,
        click_policy=clicks.click_policy,
        click_environment=clicks.click_environment,
        allowed_origins=settings.allowed_origins,
        throttling_rate_limit=settings.http_rate_limit,
        layer_arn=realtime.layer_arn,
        log_retention_days=settings.log_retention_days,
        protect_data=settings.protects_data,
    ),
)
pulumi.export("endpoint", realtime.endpoint)
pulumi.export("api_url", shortener.api_url)
pulumi.export("user_pool_id", shortener.user_pool_id)
pulumi.export("user_pool_client_id", shortener.user_pool_client_id)
pulumi.export("realtime_table", realtime.table_name)
pulumi.export("links_table", links.name)
pulumi.export("click_queue_url", clicks.queue_url)
pulumi.export("dead_letter_queue_url", clicks.dead_letter_queue_url)
