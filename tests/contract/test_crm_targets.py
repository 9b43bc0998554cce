"""The suite of `CrmTarget` for each product that keeps accounts and orders."""

from contextlib import AbstractAsyncContextManager

from simulators.salesforce import Settings as OrgSettings
from tests.contract.crm_target import CrmTargetSuite, OpenedCrm
from tests.contract.salesforce_org import salesforce


class TestSalesforceWithAnAssertion(CrmTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[OpenedCrm]:
        return salesforce("jwt")


class TestSalesforceWithClientCredentials(CrmTargetSuite):
    """An older version: updates are answered without a body; and small pages and calls."""

    def opened(self) -> AbstractAsyncContextManager[OpenedCrm]:
        return salesforce(
            "client_credentials",
            {"rows_per_call": 7},
            OrgSettings(update_status=204, page_rows=60),
        )
