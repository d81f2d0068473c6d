# A notification socket as systemd has one: prints each datagram as one line, its assignments joined by blanks.
import os
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("BOUND", flush=True)
while True:
    # systemd-notify waits until its message was taken: it hands over a descriptor and wants it closed.
    data, descriptors, _flags, _address = socket.recv_fds(receiver, 4096, 4)
    for descriptor in descriptors:
        os.close(descriptor)
    print(data.decode().strip().replace("\n", " "), flush=True)
