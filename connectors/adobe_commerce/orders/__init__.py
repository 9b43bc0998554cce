"""Orders of Adobe Commerce: read, told the ERP's number, shipped, invoiced, refunded, cancelled."""
