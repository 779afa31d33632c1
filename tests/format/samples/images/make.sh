#!/bin/bash
# Makes the pictures beside it, and hashes.txt with what `sigtool --fuzzy-img` says of them. Needs imagemagick and clamav. They
# are kept in git so that the tests need neither.
set -euo pipefail
cd "$(dirname "$0")"
size=40x31
convert -seed 7 -size $size plasma:red-blue -fill black -draw 'rectangle 3,4 12,20' -strip PNG24:rgb.png
convert rgb.png -colorspace Gray -strip PNG:grey.png
convert rgb.png -interlace PNG -strip PNG24:interlaced.png
convert rgb.png -depth 16 -strip PNG48:deep.png
convert rgb.png -alpha on -channel A -evaluate set 50% -strip PNG32:alpha.png
convert rgb.png -colors 30 -strip PNG8:palette.png
convert rgb.png -quality 90 -strip plain.jpg
convert rgb.png -quality 80 -interlace JPEG -strip progressive.jpg
convert rgb.png -colorspace Gray -quality 90 -strip grey.jpg
convert rgb.png -colors 60 -strip plain.gif
convert rgb.png -interlace GIF -colors 60 -strip interlaced.gif
convert rgb.png -strip -type TrueColor BMP3:true.bmp
convert rgb.png -strip -alpha on BMP:alpha.bmp
convert rgb.png -strip -monochrome BMP3:two.bmp
convert rgb.png -strip -define webp:lossless=true lossless.webp
for f in *.png *.jpg *.gif *.bmp *.webp; do sigtool --fuzzy-img "$f"; done >hashes.txt
