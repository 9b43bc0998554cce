"""The suite of `TaskTarget` for each product that takes pick tasks."""

from contextlib import AbstractAsyncContextManager

from tests.contract.rest_warehouse import rest_wms
from tests.contract.task_target import Opened, TaskTargetSuite


class TestRestWmsWithAToken(TaskTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return rest_wms("bearer")


class TestRestWmsWithUserAndPassword(TaskTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return rest_wms("basic")
