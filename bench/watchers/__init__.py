"""Many sockets on one hot link, on the local cloud: does each of them end on the true count?"""
