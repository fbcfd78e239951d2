// SPDX-License-Identifier: GPL-2.0-only
//
// Devices that samples and test modules have drivers for: one of the board, and two at serial ports.

DefinitionBlock ("devices.aml", "SSDT", 2, "FERRUL", "LNUXBEEF", 1)
{
    External (\_SB.PCI0.S60, DeviceObj)
    External (\_SB.PCI0.S80, DeviceObj)

    Scope (\_SB)
    {
        Device (RDEV)
        {
            Name (_HID, "LNUXBEEF")
            Name (_DSD, Package ()
            {
                // Device properties.
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package ()
                {
                    Package () { "test,u32", 0xdeadbeef },
                    Package () { "test,i16", 0xfff6 },
                    Package () { "test,array", Package () { 1, 2, 3, 4 } },
                    Package () { "test,string", "hello" },
                    Package () { "test,strings", Package () { "one", "two" } },
                    Package () { "test,bool", 1 },
                },
                // Children.
                ToUUID ("dbb8e3e6-5886-4ba6-8795-1319f52a966b"),
                Package ()
                {
                    Package () { "first", "CHD0" },
                    Package () { "second", "CHD1" },
                }
            })
            Name (CHD0, Package ()
            {
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package () { Package () { "test,number", 10 } }
            })
            Name (CHD1, Package ()
            {
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package () { Package () { "test,number", 11 } }
            })
        }
    }

    // The card with two ports.
    Scope (\_SB.PCI0.S60)
    {
        Device (CLNT)
        {
            // Another, so that the numbers of the first one's devices stay.
            Name (_HID, "FRUL0001")
            Name (_CID, "LNUXBEEF")
            Name (_CRS, ResourceTemplate ()
            {
                UartSerialBusV2 (115200, DataBitsEight, StopBitsOne, 0, LittleEndian, ParityTypeNone,
                    FlowControlNone, 16, 16, "\\_SB.PCI0.S60", 0, ResourceConsumer, , Exclusive)
            })
            Name (_DSD, Package ()
            {
                ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
                Package () { Package () { "baudrate", 115200 } }
            })
        }
    }

    // QEMU's test device, where there is one, which a test has for a port.
    Scope (\_SB.PCI0.S80)
    {
        Device (CLNT)
        {
            // Nobody's.
            Name (_HID, "FRUL0002")
            Name (_CRS, ResourceTemplate ()
            {
                UartSerialBusV2 (115200, DataBitsEight, StopBitsOne, 0, LittleEndian, ParityTypeNone,
                    FlowControlNone, 16, 16, "\\_SB.PCI0.S80", 0, ResourceConsumer, , Exclusive)
            })
        }
    }
}
