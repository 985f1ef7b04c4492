#!/bin/bash
# `healthy PORT PATH`: whether what listens there in this container says that it is well; prints what it says. Starting
# the command for that would cost fifty times as much, every few seconds in every container.
exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3 && answer=$(cat <&3) || exit 1
echo "${answer##*$'\r\n\r\n'}"
[[ $answer == HTTP/*" 200 "* ]]
